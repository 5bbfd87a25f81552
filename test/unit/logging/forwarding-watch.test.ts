import type { EventsAccess } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import { ForwardingWatch } from '#logging/forwarding/forwarding-watch.js';
import type { DestinationStatus } from '#logging/forwarding/forwarding-status.js';
import { compare, ToldDestinations } from '#logging/forwarding/told-destinations.js';
import test from 'ava';
import { row } from './destination-row.js';
import { collectingLog } from '../kernel/collecting-log.js';

const told = (failing: boolean, dropped = 0) => ({ name: 'a', failing, dropped });
const starting = { ...row, state: 'starting', countedAt: null } as const;

test('tells a failure once, the recovery, and only newly dropped entries', (t) => {
  const down = { ...row, state: 'waiting' as const, dropped: 5 };
  const nothing = { failed: false, recovered: false, dropped: 0 };
  t.deepEqual(compare(undefined, row), { ...nothing, told: told(false) });
  t.deepEqual(compare(told(false), down), { failed: true, recovered: false, dropped: 5, told: told(true, 5) });
  t.deepEqual(compare(told(true, 5), { ...down, dropped: 7 }), { ...nothing, dropped: 2, told: told(true, 7) });
  t.deepEqual(compare(told(true, 5), { ...row, dropped: 5 }), { ...nothing, recovered: true, told: told(false, 5) });
});

test('a rsyslogd that has only begun to count changes no verdict, neither of a dead receiver nor of one that takes entries', (t) => {
  const nothing = { failed: false, recovered: false, dropped: 0 };
  t.deepEqual(compare(told(true, 5), starting), { ...nothing, told: told(true, 5) });
  t.deepEqual(compare(told(false, 5), starting), { ...nothing, told: told(false, 5) });
  t.deepEqual(compare(told(true), { ...row, state: 'waiting' }), { ...nothing, told: told(true) });
});

test('counters that begin anew with rsyslogd are no negative number', (t) => {
  t.is(compare(told(false, 100), { ...row, dropped: 3 }).dropped, 3);
});

function watched(destinations: () => readonly DestinationStatus[], system = new ScriptedSystem()) {
  const { log } = collectingLog();
  const seen = { restarts: 0, published: [] as string[] };
  const watch = new ForwardingWatch({
    clock: system.clock,
    // the watch publishes only
    events: { publish: ({ id }: { readonly id: string }) => void seen.published.push(id) } as unknown as EventsAccess,
    log,
    status: { set: () => undefined, [Symbol.dispose]: () => undefined },
    told: new ToldDestinations(system.files, '/told.json'),
    read: async () => ({ state: 'running', destinations: [...destinations()] }),
    restart: async () => void (seen.restarts += 1),
  });
  return { watch, system, clock: system.clock, seen };
}

test('a restart of core tells nothing a second time, and what happened meanwhile', async (t) => {
  const down = { ...row, state: 'waiting' as const, dropped: 5 };
  const { watch, system, seen } = watched(() => [down]);
  await watch.look();
  t.deepEqual(seen.published, ['logging.destination.failed', 'logging.destination.dropped']);
  const later = watched(() => [down], system);
  await later.watch.look();
  t.deepEqual(later.seen.published, []);
  const recovered = watched(() => [{ ...row, dropped: 5 }], system);
  await recovered.watch.look();
  t.deepEqual(recovered.seen.published, ['logging.destination.recovered']);
});

test('a torn memory of what was told only tells everything anew', async (t) => {
  const system = new ScriptedSystem({ files: { '/told.json': '[{"name":"a"' } });
  const { watch, seen } = watched(() => [{ ...row, state: 'waiting' }], system);
  await watch.look();
  t.deepEqual(seen.published, ['logging.destination.failed']);
});

test('a destination that was removed and is entered again is a new one', async (t) => {
  let destinations: DestinationStatus[] = [{ ...row, state: 'waiting' }];
  const { watch, seen } = watched(() => destinations);
  await watch.look();
  destinations = [];
  await watch.look();
  destinations = [row];
  await watch.look();
  t.deepEqual(seen.published, ['logging.destination.failed']);
});

test('rsyslogd is started again for a RELP receiver that it gave up, at growing distance', async (t) => {
  const lost = "omrelp[h:2515]: authentication error 'no permited name found' - DISABLING action";
  const { watch, clock, seen } = watched(() => [{ ...row, protocol: 'relp-tls', state: 'waiting', lastError: lost }]);
  const restarts: number[] = [];
  for (let minute = 0; minute <= 70; minute += 1) {
    const before = seen.restarts;
    await watch.look();
    if (seen.restarts > before) restarts.push(minute);
    await clock.advance(60_000);
  }
  t.deepEqual(restarts, [0, 1, 3, 7, 15, 30, 45, 60]);
  t.deepEqual(seen.published, ['logging.destination.failed']);
});

test('rsyslogd is started again when it leaves entries on disk while newer ones are sent', async (t) => {
  let sent = 100;
  let queued = 95;
  const { watch, clock, seen } = watched(() => [{ ...row, sent, queued }]);
  const later = async () => {
    await clock.advance(10_000);
    await watch.look();
  };
  await watch.look();
  for (let look = 0; look < 5; look += 1) {
    queued -= 1;
    sent += 5;
    await later();
  }
  t.is(seen.restarts, 0, 'a queue that moves is left alone');
  for (let look = 0; look < 4; look += 1) {
    sent += 5;
    await later();
  }
  t.is(seen.restarts, 1);
});

test('rsyslogd is started again when it leaves entries on disk of an appliance that seldom writes', async (t) => {
  let sent = 100;
  let state: DestinationStatus['state'] = 'sending';
  const { watch, clock, seen } = watched(() => [{ ...row, state, sent, queued: 95 }]);
  for (let look = 0; look < 5; look += 1) {
    await watch.look();
    await clock.advance(10_000);
    state = look === 2 ? 'sending' : 'waiting';
    if (state === 'sending') sent += 1;
  }
  t.is(seen.restarts, 1);
});

test('a receiver that is away has rsyslogd left alone, whatever waits for it', async (t) => {
  const { watch, clock, seen } = watched(() => [{ ...row, state: 'waiting', sent: 100, queued: 95 }]);
  for (let look = 0; look < 10; look += 1) {
    await watch.look();
    await clock.advance(10_000);
  }
  t.is(seen.restarts, 0);
});
