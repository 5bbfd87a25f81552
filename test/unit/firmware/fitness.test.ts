import { unfitness } from '#firmware/cluster/fitness.js';
import test from 'ava';

const node = (name: string, more: object) => ({ name, local: name === 'one', role: 'S', state: 'online', ...more });
const pair = (here: object, there: object, more: object = {}) =>
  // all that is looked at
  ({
    running: true,
    data: { disk: 'UpToDate', peerDisk: 'UpToDate' },
    nodes: [node('one', here), node('two', there)],
    ...more,
  }) as never;

test('the passive node may be updated, and a node in maintenance', (t) => {
  t.is(unfitness(pair({}, { role: 'M' })), undefined);
  t.is(unfitness(pair({ state: 'maintenance', role: '-' }, { role: 'M' })), undefined);
  t.is(unfitness(pair({}, { role: 'M' }, { data: null })), undefined);
  const goingDown = { disk: 'UpToDate', peerDisk: 'DUnknown' };
  t.is(unfitness(pair({ state: 'maintenance', role: '-' }, { role: 'M' }, { data: goingDown })), undefined);
});

test('everything else is refused with the way out', (t) => {
  const reasons = [
    pair({ role: 'M' }, {}),
    pair({}, { state: 'offline' }),
    pair({}, { role: 'M', state: 'maintenance' }),
    pair({}, { role: 'M' }, { running: false }),
    pair({}, { role: 'M' }, { data: { disk: 'Inconsistent', peerDisk: 'UpToDate' } }),
  ].map((each) => unfitness(each));
  t.deepEqual(
    reasons.map((each) => each?.reason),
    [
      'one holds the active role',
      'the other node is offline',
      'two is in maintenance',
      'Pacemaker does not run on this node',
      'the data is not the same on both nodes (Inconsistent here, UpToDate there)',
    ],
  );
  t.true(reasons.every((each) => /gemel cluster|synchronised/.test(each?.remedy ?? '')));
});
