import { ApplianceError, type JobCall } from '@gemel/core/sdk';
import { externalClone } from '#cluster/cib/base-configuration.js';
import { disconnect } from '#cluster/formation/leaving.js';
import { reconnect } from '#cluster/formation/reconnection.js';
import test from 'ava';
import { type Boxes, pair } from './two-boxes.js';

/** Node 1 goes on alone. `cib` is what its Pacemaker was told, in order. */
async function parted() {
  const boxes = await pair();
  await disconnect(boxes.one.parts);
  const cib: string[] = [];
  const merge = ['cibadmin', '--modify', '--allow-create', '--scope', 'configuration', '--xml-pipe'];
  boxes.one.system.commands.always(merge, (_argv, { input }) => {
    cib.push(input ?? '');
    return '';
  });
  return { boxes, cib };
}

function again({ one }: Boxes, references?: readonly string[]) {
  // Only what reconnecting asks a job for.
  const call = { progress() {}, log() {}, signal: new AbortController().signal } as unknown as JobCall;
  return reconnect(one.parts, undefined, call, references);
}

const known = ({ one, two }: Boxes) =>
  [one, two].map(({ parts }) => parts.membership.current.options?.externalReferences);
const told = (references: readonly string[]) =>
  `<configuration>\n<resources>\n${externalClone(references)}\n</resources>\n</configuration>\n`;

test('a pair is reconnected with other addresses that show whether the external network is reached', async (t) => {
  const { boxes, cib } = await parted();
  await boxes.pass(again(boxes, ['10.77.0.2', '10.77.0.3']));
  t.deepEqual(cib, [told(['10.77.0.2', '10.77.0.3'])]);
  t.deepEqual(known(boxes), [
    ['10.77.0.2', '10.77.0.3'],
    ['10.77.0.2', '10.77.0.3'],
  ]);
});

test('the former ones stay where none are given', async (t) => {
  const { boxes, cib } = await parted();
  await boxes.pass(again(boxes));
  t.deepEqual(cib, []);
  t.deepEqual(known(boxes), [['10.77.0.1'], ['10.77.0.1']]);
});

test('a reconnection that fails gives the former ones back', async (t) => {
  const { boxes, cib } = await parted();
  boxes.two.system.units.failNext('pacemaker.service');
  await t.throwsAsync(boxes.pass(again(boxes, ['10.77.0.2'])));
  t.deepEqual(cib, [told(['10.77.0.2']), told(['10.77.0.1'])]);
  t.deepEqual(known(boxes)[0], ['10.77.0.1']);
});

test('what is no address is refused, and nothing is changed', async (t) => {
  const { boxes, cib } = await parted();
  const before = await boxes.states();
  const failure = await t.throwsAsync(boxes.pass(again(boxes, ['10.77.0.2', 'gateway'])), {
    instanceOf: ApplianceError,
  });
  t.deepEqual(
    failure?.reports.map(({ code, params }) => [code, params]),
    [['cluster.reference.invalid', { address: 'gateway' }]],
  );
  t.deepEqual([await boxes.states(), cib], [before, []]);
});

test('a cluster that never watched the external network does not begin to', async (t) => {
  const { boxes } = await parted();
  const { membership } = boxes.one.parts;
  const { options } = membership.current;
  await membership.set({ ...membership.current, options: options && { ...options, externalReferences: [] } });
  await t.throwsAsync(boxes.pass(again(boxes, ['10.77.0.2'])), { message: /created without external references/ });
});
