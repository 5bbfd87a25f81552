import { nameHeld } from '#cluster/formation/name-held.js';
import { type Membership, noMembership } from '#cluster/membership/membership.js';
import test from 'ava';

const cluster: Membership = { ...noMembership, thisNode: 'node1' };

for (const [what, membership, held] of [
  ['alone in a new cluster', { ...cluster, phase: 'created' }, true],
  ['disconnected, with the services', { ...cluster, phase: 'disconnected' }, true],
  ['disconnected, staying off', { ...cluster, phase: 'disconnected', keepsServices: false }, false],
  ['in no cluster', noMembership, false],
] as const) {
  test(`the host name of a node that is ${what} ${held ? 'stays' : 'may change'}`, (t) => {
    const report = nameHeld(membership, 'box7');
    t.deepEqual(
      report && [report.code, report.params, report.path],
      held ? ['cluster.host-name.held', { name: 'node1' }, 'device/hostName'] : undefined,
    );
  });
}

test('a node that was renamed gets its former name back', (t) => {
  t.is(nameHeld({ ...cluster, phase: 'created' }, 'node1'), undefined);
});
