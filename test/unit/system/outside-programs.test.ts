import type { CommandOptions, CommandRunner } from '#core/sdk/system.js';
import { OutsideProgramRunner } from '#core/system/outside-programs.js';
import { programs } from '#core/system/programs.js';
import test from 'ava';

interface Seen {
  readonly argv: readonly string[];
  readonly options: CommandOptions;
}

function recording(exitCode = 0): { runner: CommandRunner; seen: Seen[] } {
  const seen: Seen[] = [];
  const runner: CommandRunner = {
    run: async (argv, options = {}) => {
      seen.push({ argv, options });
      return { exitCode, stdout: '', stderr: '' };
    },
  };
  return { runner, seen };
}

test('a program that core itself may run is run as it is', async (t) => {
  const { runner, seen } = recording();
  await new OutsideProgramRunner(runner).run(['ip', 'link']);
  t.deepEqual(seen, [{ argv: ['ip', 'link'], options: {} }]);
});

test('a program that needs disks runs in a unit with devices and without a network', async (t) => {
  const { runner, seen } = recording();
  await new OutsideProgramRunner(runner).run(['wipefs', '--no-act', '/dev/sdz'], { input: 'x', timeoutMs: 5_000 });
  const [argv = []] = seen.map((each) => each.argv);
  t.is(argv[0], 'systemd-run');
  t.true(argv.includes('CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SYS_RAWIO'));
  t.true(argv.includes('RestrictAddressFamilies=AF_UNIX AF_NETLINK'));
  t.false(argv.includes('PrivateDevices=yes'));
  t.deepEqual(argv.slice(argv.indexOf('--')), [
    '--',
    'timeout',
    '--kill-after=1',
    '5',
    'wipefs',
    '--no-act',
    '/dev/sdz',
  ]);
  t.is(seen[0]?.options.input, 'x');
});

test('a program that needs the network sees no devices', async (t) => {
  const { runner, seen } = recording();
  const outcome = new OutsideProgramRunner(runner).run(['ping', '-c', '1', '192.0.2.1']);
  // Not every machine that runs this has ping; then nothing is run at all.
  const failure = await outcome.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (failure === undefined)
    t.true(seen[0]?.argv.includes('PrivateDevices=yes') && seen[0].argv.includes('DynamicUser=yes'));
  else t.like(failure, { code: 'unavailable' });
});

test('a program that does not end in time is said by its own name', async (t) => {
  const { runner } = recording(124);
  const run = new OutsideProgramRunner(runner).run(['wipefs', '/dev/sdz'], { timeoutMs: 3_000 });
  await t.throwsAsync(run, { code: 'timeout', message: 'wipefs did not end within 3 s and was stopped.' });
});

test('whatever needs disks or the management controller runs outside core', (t) => {
  for (const program of ['ipmitool', 'ledctl', 'mdadm', 'smartctl', 'wipefs'])
    t.is(programs[program]?.outside, 'devices', program);
});
