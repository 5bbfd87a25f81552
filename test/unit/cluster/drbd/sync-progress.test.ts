import { followSync } from '#cluster/drbd/sync-progress.js';
import { ApplianceError } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';

const line = (connection: string, disks: string) => ` 0: cs:${connection} ro:Primary/Unknown ds:${disks} C r-----\n`;
const current = line('Connected', 'UpToDate/UpToDate');
const call = { progress() {}, log() {}, signal: new AbortController().signal };

/** What /proc/drbd says, each for so many seconds. @returns how it ended, and after how many seconds. */
async function follow(...said: readonly (readonly [text: string, seconds: number])[]) {
  const system = new ScriptedSystem();
  const state = { seconds: 0, ended: undefined as string | undefined };
  await system.files.write('/proc/drbd', said[0]?.[0] ?? '');
  followSync(system, call).then(
    () => (state.ended = 'same data'),
    (failure: unknown) => (state.ended = failure instanceof ApplianceError ? failure.message : String(failure)),
  );
  for (const [text, seconds] of said) {
    await system.files.write('/proc/drbd', text);
    for (let left = seconds; left > 0 && state.ended === undefined; left -= 1) {
      state.seconds += 1;
      await system.clock.advance(1_000);
    }
  }
  return state;
}

test('data of which neither follows from the other is told as such, and at once', async (t) => {
  const { ended, seconds } = await follow(
    [line('WFConnection', 'UpToDate/DUnknown'), 60],
    [line('StandAlone', 'UpToDate/DUnknown'), 300],
  );
  t.regex(ended ?? '', /both nodes wrote their data while apart.*gemel cluster split-brain show$/);
  t.true(seconds < 75, String(seconds));
});

test('a connection that is given up for a moment, as while the secret changes, is waited for', async (t) => {
  const { ended } = await follow(
    [line('StandAlone', 'UpToDate/DUnknown'), 5],
    [line('WFConnection', 'UpToDate/DUnknown'), 20],
    [line('StandAlone', 'UpToDate/DUnknown'), 5],
    [line('SyncSource', 'UpToDate/Inconsistent'), 300],
    [current, 5],
  );
  t.is(ended, 'same data');
});

test('a node that is not reached is waited for, though not for ever', async (t) => {
  const { ended, seconds } = await follow([line('WFConnection', 'UpToDate/DUnknown'), 300]);
  t.regex(ended ?? '', /does not reach the other node \(WFConnection\)/);
  t.true(seconds > 240, String(seconds));
});
