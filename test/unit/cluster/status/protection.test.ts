import test from 'ava';
import type { Membership } from '#cluster/membership/membership.js';
import { membership, pair, pictureOf } from '../pair.js';

const device = { address: '192.0.2.1', user: 'admin', lanplus: true, cipher: 3, testedAt: 1 };
const options = (change: Partial<NonNullable<Membership['options']>>): Membership => ({
  ...membership,
  options: membership.options && { ...membership.options, ...change },
});
const fenced = options({ fencing: ['node1', 'node2'].map((node) => ({ ...device, node })) });
const witnessed = options({ witness: { host: '192.0.2.9', algorithm: 'ffsplit' } });

/** What is said of a membership while Pacemaker goes by that of another one. */
async function said(has: Membership, goesBy: Membership) {
  const picture = await pictureOf('pair', goesBy);
  const { ready, reasons, notSurvived } = await pair('pair', { membership: has, picture, fencingTested: true });
  return { ready, reasons: reasons.map(({ reason }) => reason), notSurvived };
}

test('says nothing while Pacemaker goes by what was set up', async (t) => {
  t.deepEqual((await said(fenced, fenced)).reasons, []);
  t.deepEqual((await said(witnessed, witnessed)).reasons, []);
  t.deepEqual((await said(membership, membership)).reasons, ['no-fencing']);
});

test('fencing that somebody switched off in Pacemaker survives what no fencing survives', async (t) => {
  const { reasons, notSurvived } = await said(fenced, membership);
  t.deepEqual(reasons, ['fencing-differs', 'quorum-policy-differs']);
  t.deepEqual(notSurvived, (await said(membership, membership)).notSurvived);
});

test('a witness whose half without it goes on is none', async (t) => {
  const { ready, reasons, notSurvived } = await said(witnessed, membership);
  t.deepEqual([ready, reasons], [true, ['quorum-policy-differs']]);
  t.deepEqual(notSurvived, (await said(membership, membership)).notSurvived);
});

test('nothing takes over where Pacemaker must switch a node off and nothing can', async (t) => {
  const { ready, reasons } = await said(membership, fenced);
  t.deepEqual([ready, reasons], [false, ['no-fencing', 'fencing-differs', 'quorum-policy-differs']]);
});

test('somebody may have other means to switch a node off', async (t) => {
  const picture = await pictureOf('pair', fenced);
  const [lamp] = picture.resources;
  if (lamp === undefined) throw new Error('a pair has resources');
  const resources = [...picture.resources, { ...lamp, id: 'switch', parent: undefined, agent: 'stonith:fence_apc' }];
  t.true((await pair('pair', { picture: { ...picture, resources } })).ready);
});

test('what is to be done names the command', async (t) => {
  const texts = async (has: Membership, goesBy: Membership) =>
    (await pair('pair', { membership: has, picture: await pictureOf('pair', goesBy) })).reasons.map(({ text }) => text);
  const command = (name: string, value: string) => `crm_attribute --type crm_config --name ${name} --update ${value}`;
  const off = (await texts(fenced, membership)).join('\n');
  t.true(off.includes(command('stonith-enabled', 'true')) && off.includes(command('no-quorum-policy', 'stop')), off);
  const on = (await texts(membership, fenced)).join('\n');
  t.true(on.includes(command('stonith-enabled', 'false')) && on.includes(command('no-quorum-policy', 'ignore')), on);
});
