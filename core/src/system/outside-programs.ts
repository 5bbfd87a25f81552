import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplianceError } from '../sdk/errors.js';
import type { CommandOptions, CommandResult, CommandRunner } from '../sdk/system.js';
import { notInstalled } from './command-runner.js';
import { type OutsideKind, programs, searchPath } from './programs.js';

const defaultTimeoutMs = 10_000;

/** What a busy machine may need to make the confined unit, before the program itself runs; the program's own limit is RuntimeMaxSec. */
const setUpMs = 10_000;

const common = [
  'ProtectProc=invisible',
  'ProtectHome=yes',
  'ProtectKernelModules=yes',
  'ProtectControlGroups=yes',
  'RestrictNamespaces=yes',
  'MemoryDenyWriteExecute=yes',
  'LockPersonality=yes',
  'SystemCallErrorNumber=EPERM',
];

/** All that programs of each kind may. */
const confinements: Readonly<Record<OutsideKind, readonly string[]>> = {
  // Open sockets, write to its pipes. It runs as nobody's user and sees nothing of the appliance.
  network: [
    ...common,
    'DynamicUser=yes',
    'AmbientCapabilities=CAP_NET_RAW',
    'CapabilityBoundingSet=CAP_NET_RAW',
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_PACKET AF_NETLINK',
    'PrivateDevices=yes',
    'ProtectKernelTunables=yes',
    'SystemCallFilter=@system-service',
    'TemporaryFileSystem=/var:ro',
  ],
  // Speak to disks and to the management controller. Their commands to the kernel want these two capabilities; the rest is closed.
  devices: [
    ...common,
    'CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SYS_RAWIO',
    'NoNewPrivileges=yes',
    'RestrictAddressFamilies=AF_UNIX AF_NETLINK',
    'IPAddressDeny=any',
    'ProtectSystem=strict',
    // mdadm keeps its map of arrays below it
    'ReadWritePaths=/run',
    'PrivateTmp=yes',
    'SystemCallFilter=@system-service @raw-io',
  ],
};

/** What timeout(1) ends with when the time was over. */
const timedOut = 124;

/**
 * Core's unit refuses network sockets and shows no devices, so programs that need either (`ping`, `mdadm`) run in a transient unit of
 * their own. systemd-run reaches systemd over D-Bus and passes input, output and exit code through; it costs about 0.1 s.
 */
export class OutsideProgramRunner implements CommandRunner {
  readonly #runner: CommandRunner;

  constructor(runner: CommandRunner) {
    this.#runner = runner;
  }

  async run(argv: readonly [string, ...string[]], options: CommandOptions = {}): Promise<CommandResult> {
    const [program] = argv;
    const kind = programs[program]?.outside;
    if (kind === undefined) return this.#runner.run(argv, options);
    if (!(await isInstalled(program))) throw new ApplianceError('unavailable', notInstalled(program));
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    const seconds = timeoutMs / 1000;
    // The limits inside the unit hold also when core dies in the middle; the program's own time starts when it starts.
    const runtime = `RuntimeMaxSec=${Math.ceil((timeoutMs + setUpMs) / 1000)}`;
    const properties = [...confinements[kind], runtime].flatMap((property) => ['-p', property]);
    const limited = ['timeout', '--kill-after=1', String(seconds), ...argv];
    const wrapped = [
      '--quiet',
      '--pipe',
      '--wait',
      '--collect',
      '--service-type=exec',
      ...properties,
      '--',
      ...limited,
    ];
    try {
      const result = await this.#runner.run(['systemd-run', ...wrapped], {
        ...options,
        timeoutMs: timeoutMs + setUpMs,
      });
      if (result.exitCode !== timedOut) return result;
      throw new ApplianceError('timeout', `${program} did not end within ${seconds} s and was stopped.`);
    } catch (failure) {
      if (!(failure instanceof ApplianceError)) throw failure;
      throw new ApplianceError(failure.code, failure.message.replace('systemd-run', program), { cause: failure.cause });
    }
  }
}

async function isInstalled(program: string): Promise<boolean> {
  const tries = searchPath.map((folder) => access(join(folder, program), constants.X_OK));
  return (await Promise.allSettled(tries)).some((result) => result.status === 'fulfilled');
}
