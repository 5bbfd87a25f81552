import assert from 'node:assert/strict';
import type { Clock } from '@gemel/core/sdk';
import type { ContractCase } from './contract-case.js';

export interface ClockSubject {
  readonly clock: Clock;
  /** Lets about so many milliseconds pass. */
  readonly pass: (ms: number) => Promise<void>;
}

export const clockContract: readonly ContractCase<ClockSubject>[] = [
  {
    title: 'monotonic time goes on with the time that passes',
    run: async ({ clock, pass }) => {
      const before = clock.monotonic();
      await pass(30);
      const passed = clock.monotonic() - before;
      assert.ok(passed >= 29 && passed < 5_000, `${passed} ms`);
    },
  },
  {
    title: 'fires once after the time, in order, and never once ended',
    run: async ({ clock, pass }) => {
      const fired: string[] = [];
      clock.after(40, () => fired.push('late'));
      clock.after(10, () => fired.push('early'));
      const ended = clock.after(20, () => fired.push('ended'));
      ended[Symbol.dispose]();
      ended[Symbol.dispose]();
      assert.deepEqual(fired, []);
      await pass(100);
      assert.deepEqual(fired, ['early', 'late']);
    },
  },
  {
    title: 'fires again and again until ended',
    run: async ({ clock, pass }) => {
      let count = 0;
      const timer = clock.every(20, () => {
        count += 1;
      });
      const began = clock.monotonic();
      // a busy machine fires late, and none too often
      for (let turn = 0; turn < 100; turn++) {
        await pass(30);
        if (count >= 3) break;
      }
      timer[Symbol.dispose]();
      const atEnd = count;
      const most = (clock.monotonic() - began) / 20 + 1;
      assert.ok(atEnd >= 3 && atEnd <= most, `${atEnd} times`);
      await pass(60);
      assert.equal(count, atEnd);
    },
  },
  {
    title: 'a time beyond the range of setTimeout does not fire at once',
    run: async ({ clock, pass }) => {
      let fired = false;
      const timer = clock.after(2 ** 32, () => {
        fired = true;
      });
      await pass(30);
      timer[Symbol.dispose]();
      assert.equal(fired, false);
    },
  },
  {
    title: 'sleeps until the time has passed, or is cancelled',
    run: async ({ clock, pass }) => {
      let slept = false;
      const sleeper = async () => {
        await clock.sleep(20);
        slept = true;
      };
      const sleep = sleeper();
      await pass(60);
      await sleep;
      assert.equal(slept, true);
      const cancelled = { name: 'ApplianceError', code: 'cancelled' };
      const stopping = new AbortController();
      const stopped = assert.rejects(clock.sleep(60_000, stopping.signal), cancelled);
      stopping.abort();
      await stopped;
      await assert.rejects(clock.sleep(60_000, AbortSignal.abort()), cancelled);
    },
  },
];
