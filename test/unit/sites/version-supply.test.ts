import { setImmediate } from 'node:timers/promises';
import { ApplianceError } from '@gemel/core/sdk';
import type { PeerRequest, PeerService } from '@gemel/plugin-peer/contract';
import { VersionExchange } from '#sites/cluster/version-exchange.js';
import { VersionSupply } from '#sites/cluster/version-supply.js';
import test, { type ExecutionContext } from 'ava';
import { newWorld, withDemo } from './world.js';

const both = ['prometheus 2.42.0', 'prometheus 2.53.3'];
const call = { signal: new AbortController().signal, progress() {} };

/** An active node with two versions and a site at the newer one, and another node that has what is named. */
async function pairWith(t: ExecutionContext, ...there: readonly string[]) {
  const world = await withDemo(newWorld());
  const { system, parts } = world;
  const other = { has: [...there], answers: true, refuses: '', asked: [] as string[] };
  const peer = {
    paired: { hostName: 'node2', fingerprint: '', addresses: [] },
    get reachable() {
      return other.answers;
    },
    call: async ({ id }: PeerRequest<unknown, unknown>, { metadata }: { metadata?: { version: string } }) => {
      other.asked.push(id);
      if (!other.answers || id === other.refuses) throw new ApplianceError('unavailable', 'It is being started.');
      if (metadata !== undefined) other.has.push(`prometheus ${metadata.version}`);
      return { versions: other.has.map((name) => ({ type: 'prometheus', version: name.split(' ')[1] ?? '' })) };
    },
  } as unknown as PeerService; // only what an exchange of versions asks it for
  const exchange = new VersionExchange({
    peer,
    versions: parts.versions,
    pieces: { read: async () => 'YWFh', write: async () => undefined },
    // What only the node that is asked needs.
    ...({} as Pick<VersionExchange['parts'], 'install' | 'free' | 'write' | 'remove' | 'removeUnused' | 'arrived'>),
  });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const supply = new VersionSupply({ exchange, store: parts.store, guard: parts.guard, clock: system.clock, log });
  t.teardown(() => supply[Symbol.dispose]());
  const until = async (reached: () => boolean) => {
    for (let round = 0; round < 1_000 && !reached(); round++) await setImmediate();
    return reached();
  };
  return { system, exchange, supply, other, until };
}

test('a node that is new, or was away, gets all that it lacks without being asked', async (t) => {
  const { supply, other, until } = await pairWith(t, 'prometheus 2.42.0');
  supply.begin();
  supply.begin();
  t.true(await until(() => other.has.length === 2));
  t.deepEqual(other.has, both);
  t.is(other.asked.filter((id) => id === 'sites.version.finish').length, 1);
});

test('what the other node refuses is tried again', async (t) => {
  const { supply, other, until, system } = await pairWith(t);
  other.refuses = 'sites.version.list';
  supply.begin();
  t.true(await until(() => system.clock.pending > 0));
  t.deepEqual(other.has, []);
  other.refuses = '';
  await system.clock.advance(10_000);
  t.true(await until(() => other.has.length === 2));
});

test('only the node that holds the active role gives versions away, and to nobody who does not answer', async (t) => {
  const { supply, other, system, until } = await pairWith(t);
  other.answers = false;
  supply.begin();
  await until(() => false);
  other.answers = true;
  system.units.add('gemel-active.target', 'inactive');
  supply.begin();
  await until(() => false);
  t.deepEqual([other.asked, await supply.missing()], [[], []]);
});

test('a version that a site is at is missing until the other node has it', async (t) => {
  const { supply, exchange, other } = await pairWith(t);
  t.deepEqual(await supply.missing(), [], 'not known before it was asked');
  await exchange.missingThere();
  t.deepEqual(await supply.missing(), ['prometheus 2.53.3']);
  t.deepEqual((await exchange.copyMissing(call)).toSorted(), both);
  t.deepEqual([await supply.missing(), other.has.toSorted()], [[], both]);
});

test('a version that is not here either is not missing there: nothing could be copied', async (t) => {
  const { supply, exchange, system } = await pairWith(t);
  await exchange.missingThere();
  const { versions } = exchange.parts;
  await system.files.remove(`${versions.folder('prometheus', '2.53.3')}/version.json`);
  versions.forget('prometheus', '2.53.3');
  t.deepEqual(await supply.missing(), []);
});

test('whoever copies at the same time waits, and finds nothing left to do', async (t) => {
  const { exchange } = await pairWith(t);
  const copied = await Promise.all([exchange.copyMissing(call), exchange.copyMissing(call)]);
  t.deepEqual(
    copied.map((each) => each.toSorted()),
    [both, []],
  );
});
