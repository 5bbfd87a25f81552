import { setTimeout } from 'node:timers/promises';
import { FakeClock } from '@gemel/core/testing';
import { SystemClock } from '#core/system/system-clock.js';
import test from 'ava';
import { clockContract } from './clock-contract.js';

for (const { title, run } of clockContract) {
  test(`fake: ${title}`, async (t) => {
    const clock = new FakeClock();
    await t.notThrowsAsync(run({ clock, pass: (ms) => clock.advance(ms) }));
    t.is(clock.pending, 0);
  });
  // One after the other: a busy machine makes timers late, not early.
  test.serial(`system: ${title}`, async (t) => {
    await t.notThrowsAsync(run({ clock: new SystemClock(), pass: (ms) => setTimeout(ms) }));
  });
}
