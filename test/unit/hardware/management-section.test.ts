import { ApplianceError, type ApplyInput } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import { OwnUsers } from '#hardware/management/own-users.js';
import { type HardwareSettings, hardwareSettingsSchema } from '#hardware/management/schema.js';
import { hardwareSection } from '#hardware/management/section.js';
import type { HardwareFacts } from '#hardware/management/verify.js';
import test from 'ava';

const signal = new AbortController().signal;
const settings = hardwareSettingsSchema.parse({ management: { enabled: true, user: 'boss' } });

function world(failure?: ApplianceError) {
  const { files } = new ScriptedSystem();
  const own = new OwnUsers(files, '/data');
  const warnings: unknown[] = [];
  const silent = () => undefined;
  const log = { debug: silent, info: silent, error: silent, warn: (fields: unknown) => void warnings.push(fields) };
  let applied = 0;
  const section = hardwareSection({
    files,
    own,
    log,
    apply: async () => {
      applied += 1;
      if (failure !== undefined) throw failure;
    },
  });
  const input = (reason: 'activate' | 'rollback' | 'boot', controller = true) =>
    ({ settings, facts: { controller }, reason }) as ApplyInput<HardwareSettings, HardwareFacts>; // it reads no more of it
  return { section, input, own, warnings, applied: () => applied };
}

test('a controller that takes nothing fails an activation, and no rollback', async (t) => {
  const failures = [
    new ApplianceError('unavailable', 'The management controller does not answer: no answer within 25 s.'),
    new ApplianceError('engine-failed', 'The management controller did not take the password.'),
  ];
  for (const failure of failures) {
    const { section, input, warnings } = world(failure);
    await t.throwsAsync(async () => section.apply(input('activate'), signal), { is: failure });
    await section.apply(input('rollback'), signal);
    t.deepEqual(warnings, [{ reason: failure.message }]);
  }
});

test('a rollback that is stopped, or fails by a defect, is told', async (t) => {
  const stopped = world(new ApplianceError('cancelled', 'stopped'));
  await t.throwsAsync(async () => stopped.section.apply(stopped.input('rollback'), signal), {
    code: 'cancelled',
  } as object);
  const defect = new TypeError('undefined is not a function');
  const broken = world(defect as unknown as ApplianceError);
  await t.throwsAsync(async () => broken.section.apply(broken.input('rollback'), signal), { is: defect });
});

test('a start asks no controller, and notes whose user it has when nobody did yet', async (t) => {
  const { section, input, own, applied } = world();
  await section.apply(input('boot'), signal);
  t.is(applied(), 0);
  t.deepEqual(await own.names(), ['boss']);
  await own.keep(['chief', 'boss']);
  await section.apply(input('boot'), signal);
  t.deepEqual(await own.names(), ['chief', 'boss']);
});
