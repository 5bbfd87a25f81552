import { readFileSync } from 'node:fs';
import { lastErrorOf, parseEngineMessages } from '#logging/forwarding/engine-messages.js';
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
  t.is(figuresOf(parseStatistics(count(10, { size: 5 }, {})), 'to-a')?.moving, undefined);
  t.is(figuresOf(parseStatistics(count(10, { size: 0 }, {})), 'to-a')?.moving, true);
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
