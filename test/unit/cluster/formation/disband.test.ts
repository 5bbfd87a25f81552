/** What a device is after it left a cluster. */
import { disband } from '#cluster/formation/leaving.js';
import test from 'ava';
import { Boxes, configuration, pair } from './two-boxes.js';

const left = '/var/lib/gemel/cluster/left';

test('a device that left is a single appliance, which has the active role and starts no site by itself', async (t) => {
  const { two } = await pair();
  const { units, files, faults } = two.system;
  t.is((await units.status('gemel-active.target')).activeState, 'inactive');
  faults.clear();
  const said = await disband(two.parts);
  t.is((await units.status('gemel-active.target')).activeState, 'active');
  t.is(await files.read(left), '');
  t.regex(said.at(-1) ?? '', /not by a boot either/);
  const at = (what: string) => faults.journal.findIndex((step) => step.includes(what));
  t.true(at(left) < at(`remove ${configuration}`), 'a boot in between starts no site');
  t.true(at('stop pacemaker.service') < at('start gemel-active.target'));
});

test('so is the last node of a cluster', async (t) => {
  const boxes = new Boxes();
  await boxes.create();
  await disband(boxes.one.parts);
  t.is(await boxes.one.system.files.read(left), '');
  t.true(boxes.one.system.faults.journal.includes('start gemel-active.target'));
});

test('a copy of the data that is not current is neither mounted nor worked with', async (t) => {
  const { two } = await pair();
  const { current } = two.parts.membership;
  await two.parts.membership.set({ ...current, options: current.options && { ...current.options, replicated: true } });
  two.system.units.failNext('gemel-cluster-volume@keep.service');
  const said = await disband(two.parts);
  t.true(said.some((text) => text.startsWith('Its copy of the data is not current and is not mounted')));
  t.is((await two.system.units.status('gemel-active.target')).activeState, 'inactive');
  t.is(two.phase, 'none');
});
