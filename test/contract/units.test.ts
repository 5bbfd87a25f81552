import { FakeClock, ScriptedUnits } from '@gemel/core/testing';
import { SandboxUnits } from '#core/system/sandbox/sandbox-units.js';
import test from 'ava';
import { unitsContract } from './units-contract.js';

// The same cases run against a real systemd in test/integration/container.ts.
const unit = 'gemel-contract.service';
const absent = 'never-installed.service';

for (const { title, run } of unitsContract) {
  test(`scripted: ${title}`, async (t) => {
    const clock = new FakeClock();
    const units = new ScriptedUnits(clock).add(unit);
    await t.notThrowsAsync(run({ units, unit, absent, pass: (ms) => clock.advance(ms) }));
    t.is(clock.pending, 0);
  });
  test(`sandbox: ${title}`, async (t) => {
    const clock = new FakeClock();
    const units: SandboxUnits = new SandboxUnits(clock, (name) => void units.start(name));
    await t.notThrowsAsync(run({ units, unit, absent, pass: (ms) => clock.advance(ms) }));
    t.is(clock.pending, 0);
  });
}
