import { ScriptedSystem } from '@gemel/core/testing';
import { DestinationTest } from '#logging/forwarding/destination-test.js';
import type { ForwardingStatus } from '#logging/forwarding/forwarding-status.js';
import { destinationSchema } from '#logging/settings/forwarding-schema.js';
import test from 'ava';
import { row } from './destination-row.js';

const destination = destinationSchema.parse({ host: 'h', protocol: 'relp' });
/** Sends a test message while rsyslogd counts as given, one count after the other every 5 s. */
async function tested(counts: readonly (readonly [sent: number, queued: number])[], state: ForwardingStatus['state']) {
  const { clock, commands } = new ScriptedSystem();
  commands.always(['logger', /./, /./, /./, '--', /./]);
  const began = clock.monotonic();
  const read = async (): Promise<ForwardingStatus> => {
    const index = Math.floor((clock.monotonic() - began) / 5_000);
    const [sent, queued] = counts[Math.min(index, counts.length - 1)] ?? [0, 0];
    return { state, destinations: [{ ...row, protocol: 'relp', sent, queued, countedAt: index + 1 }] };
  };
  const sending = new DestinationTest({ commands, clock, reader: { read } }).run(
    'a',
    destination,
    'user:jane',
    new AbortController().signal,
  );
  const settled = sending.catch(() => undefined);
  await clock.advance(30_000);
  await settled;
  return sending;
}

test('on a busy appliance the message is through when all that was queued with it is, whatever has come since', async (t) => {
  const counts = [
    [1_000, 5],
    [1_250, 6],
    [1_500, 4],
  ] as const;
  t.is((await tested(counts, 'running')).result, 'confirmed');
});

test('a queue that an earlier rsyslogd left on disk is through when it is empty', async (t) => {
  const counts = [
    [0, 100],
    [0, 50],
    [3, 0],
  ] as const;
  t.is((await tested(counts, 'running')).result, 'confirmed');
});

test('a receiver that takes nothing has the message waiting, with those before it', async (t) => {
  const counts = [
    [1_000, 5],
    [1_000, 8],
  ] as const;
  const { result, text } = await tested(counts, 'running');
  t.is(result, 'waiting');
  t.regex(text, /waits with 7 others/);
});

test('a receiver that is too slow for what waits has the message waiting', async (t) => {
  const counts = [
    [100, 4_000],
    [200, 3_900],
    [300, 3_800],
  ] as const;
  t.is((await tested(counts, 'running')).result, 'waiting');
});

test('a rsyslogd that does not run is said, and not taken for a message that waits', async (t) => {
  await t.throwsAsync(tested([], 'stopped'), { code: 'unavailable', message: /rsyslogd does not run/ });
});
