import { readFileSync } from 'node:fs';
import { lastErrorOf, parseEngineMessages } from '#logging/forwarding/engine-messages.js';
import type { EventsAccess } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import { collectingLog } from '../kernel/collecting-log.js';
import { compare, ForwardingWatch } from '#logging/forwarding/forwarding-watch.js';
import type { DestinationStatus } from '#logging/forwarding/forwarding-status.js';
import { figuresOf, parseStatistics } from '#logging/forwarding/statistics.js';
import { destinationSchema } from '#logging/settings/forwarding-schema.js';
import { complaintsOf } from '#logging/system/rsyslog.js';
import { deviceOf } from '#logging/system/data-volume.js';
import test from 'ava';

/** As written by rsyslog 8.2504.0 with a receiver that is absent. */
const waiting = readFileSync(new URL('../../../golden/logging/statistics-waiting', import.meta.url), 'utf8');

function count(at: number, memory: object, disk: object): string {
  const line = (name: string, values: object) =>
    `${at}  ${JSON.stringify({ name, origin: 'core.queue', ...values })}\n`;
  return line('to-a queue', memory) + line('to-a queue[DA]', disk);
}

test('reads what rsyslogd wrote: entries wait and none gets through', (t) => {
  const figures = figuresOf(parseStatistics(waiting), 'to-central');
  t.deepEqual(figures && { ...figures, at: 0 }, { at: 0, waiting: 93, sent: 0, dropped: 0, moving: false });
});

test('adds what waits in memory and on disk, and what both dropped', (t) => {
  const text =
    count(10, { size: 5, enqueued: 130, 'discarded.full': 1 }, { size: 100, 'discarded.full': 7 }) +
    count(15, { size: 4, enqueued: 134, 'discarded.full': 1 }, { size: 90, 'discarded.full': 9 });
  t.deepEqual(figuresOf(parseStatistics(text), 'to-a'), { at: 15, waiting: 94, sent: 30, dropped: 10, moving: true });
});

test('what an earlier rsyslogd left on disk moves, too', (t) => {
  const text = count(10, { size: 0, enqueued: 0 }, { size: 100 }) + count(15, { size: 0, enqueued: 0 }, { size: 60 });
  t.deepEqual(figuresOf(parseStatistics(text), 'to-a'), { at: 15, waiting: 60, sent: 0, dropped: 0, moving: true });
});

test('one count tells nothing of whether entries get through', (t) => {
  t.is(figuresOf(parseStatistics(count(10, { size: 5 }, {})), 'to-a')?.moving, true);
  t.is(figuresOf(parseStatistics(''), 'to-a'), undefined);
});

test('leaves out a line that is just being written', (t) => {
  const text = `${count(10, { size: 0, enqueued: 3 }, {})}15  {"name": "to-a", "orig`;
  t.is(figuresOf(parseStatistics(text), 'to-a')?.sent, 3);
});

const destination = destinationSchema.parse({ host: '10.77.0.1', port: 6514, protocol: 'tls' });
const messages = (...texts: string[]) =>
  parseEngineMessages(
    texts
      .map((MESSAGE, index) => JSON.stringify({ MESSAGE, __REALTIME_TIMESTAMP: String((index + 1) * 1_000_000) }))
      .join('\n'),
  );

test('takes the newest reason that names the receiver, without the link to a web page', (t) => {
  const said = messages(
    'cannot connect to 10.77.0.1:6514 (took 0.0 seconds): Connection refused [v8.2504.0 try https://www.rsyslog.com/e/2027 ]',
    'cannot connect to 10.77.0.9:6514 (took 0.0 seconds): No route to host [v8.2504.0 try https://www.rsyslog.com/e/2027 ]',
    "action 'to-a' suspended (module 'builtin:omfwd'), retry 0. There should be messages before this one giving the reason for suspension. [v8.2504.0 try https://www.rsyslog.com/e/2007 ]",
  );
  t.deepEqual(lastErrorOf('a', destination, said, 1), {
    at: 1_000,
    text: 'cannot connect to 10.77.0.1:6514 (took 0.0 seconds): Connection refused',
  });
});

test('a TLS message that names nobody belongs to the only destination with TLS, else to the receiver named before', (t) => {
  const refused = 'net_ossl:TLS session terminated with remote syslog server: peer name not authorized';
  const said = messages(
    "nsd_ossl: TLS Connection initiated with remote syslog server '10.77.0.9'.",
    refused,
    "nsd_ossl: TLS Connection initiated with remote syslog server '10.77.0.1'.",
  );
  t.is(lastErrorOf('a', destination, said, 1)?.text, refused);
  t.is(lastErrorOf('a', destination, said, 2), undefined);
  t.is(lastErrorOf('b', { ...destination, host: '10.77.0.9' }, said, 2)?.text, refused);
});

test('prefers what says why to what only says that it failed, of the same attempt', (t) => {
  const why =
    "Certificate EXPIRED at depth: 0 \n not permitted to talk to peer '10.77.0.1', certificate invalid: certificate expired";
  const stack =
    "net_ossl:remote '10.77.0.1' OpenSSL Error Stack: error:0A000086:SSL routines::certificate verify failed";
  t.is(
    lastErrorOf('a', destination, messages(why, stack), 2)?.text,
    "Certificate EXPIRED at depth: 0 not permitted to talk to peer '10.77.0.1', certificate invalid: certificate expired",
  );
  t.is(lastErrorOf('a', destination, messages(stack), 2)?.text, stack);
  const [old, late] = messages(why, stack);
  const apart = old !== undefined && late !== undefined ? [old, { ...late, at: late.at + 60_000 }] : [];
  t.is(lastErrorOf('a', destination, apart, 2)?.text, stack);
});

const row: DestinationStatus = {
  name: 'a',
  receiver: 'h:514',
  protocol: 'tcp',
  state: 'sending',
  sent: 0,
  queued: 0,
  dropped: 0,
  countedAt: 1,
  lastError: null,
  lastErrorAt: null,
};

test('tells a failure once, the recovery, and only newly dropped entries', (t) => {
  const down = { ...row, state: 'waiting' as const, dropped: 5 };
  t.deepEqual(compare(undefined, row), { failed: false, recovered: false, dropped: 0 });
  t.deepEqual(compare(row, down), { failed: true, recovered: false, dropped: 5 });
  t.deepEqual(compare(down, { ...down, dropped: 7 }), { failed: false, recovered: false, dropped: 2 });
  t.deepEqual(compare(down, { ...row, dropped: 5 }), { failed: false, recovered: true, dropped: 0 });
});

test('counters that begin anew with rsyslogd are no negative number', (t) => {
  t.is(compare({ ...row, dropped: 100 }, { ...row, dropped: 3 }).dropped, 3);
});

test('finds what the checker complains about among its greetings', (t) => {
  const said = [
    'rsyslogd: version 8.2504.0, config validation run (level 1), master config /run/x.conf',
    "rsyslogd: module name 'omrelp' is unknown [v8.2504.0 try https://www.rsyslog.com/e/2209 ]",
    'rsyslogd: End of config validation run. Bye.',
  ];
  t.deepEqual(complaintsOf(said.join('\n')), ["module name 'omrelp' is unknown"]);
});

test('finds the device of the data volume, of two mounts the one on top', (t) => {
  const line = (device: string, place: string) => `36 35 ${device} / ${place} rw,noatime - ext4 /dev/x rw\n`;
  t.is(deviceOf(line('254:1', '/') + line('254:4', '/data') + line('254:5', '/data'), '/data'), '254:5');
  t.is(deviceOf(line('254:1', '/'), '/data'), undefined);
});

function watched(destinations: () => readonly DestinationStatus[]) {
  const system = new ScriptedSystem();
  const { log } = collectingLog();
  const seen = { restarts: 0, published: [] as string[] };
  const watch = new ForwardingWatch({
    clock: system.clock,
    // the watch publishes only
    events: { publish: ({ id }: { readonly id: string }) => void seen.published.push(id) } as unknown as EventsAccess,
    log,
    status: { set: () => undefined, [Symbol.dispose]: () => undefined },
    read: async () => ({ state: 'running', destinations: [...destinations()] }),
    restart: async () => void (seen.restarts += 1),
  });
  return { watch, clock: system.clock, seen };
}

test('rsyslogd is started again for a RELP receiver that it gave up, once a minute at most', async (t) => {
  const lost = "omrelp[h:2515]: authentication error 'no permited name found' - DISABLING action";
  const { watch, clock, seen } = watched(() => [{ ...row, protocol: 'relp-tls', state: 'waiting', lastError: lost }]);
  await watch.look();
  await watch.look();
  t.is(seen.restarts, 1);
  await clock.advance(60_000);
  await watch.look();
  t.is(seen.restarts, 2);
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
