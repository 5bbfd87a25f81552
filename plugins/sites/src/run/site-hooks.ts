import type { CommandRunner } from '@gemel/core/sdk';
import { refusal, siteReports } from '../reports.js';
import type { VersionMetadata } from '../version/version-metadata.js';

export type HookName = 'init' | 'update' | 'login';

export interface HookRun {
  readonly site: string;
  readonly hook: HookName;
  readonly metadata: VersionMetadata;
  /** Folder of the version on this node. */
  readonly versionFolder: string;
  /** Mounted at /data. */
  readonly data: string;
  readonly uid: number;
  /** What the site itself may use. */
  readonly memoryMiB: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly signal: AbortSignal;
}

/** As far as a hook gets; an update may bring a gigabyte into another form. */
const limitSeconds = 1_800;

/** Less than the site itself may do: no network at all. */
const confinement = [
  'ProtectSystem=strict',
  'ReadWritePaths=/data',
  'MountAPIVFS=yes',
  'PrivateTmp=yes',
  'PrivateDevices=yes',
  'PrivateNetwork=yes',
  'PrivateIPC=yes',
  'ProtectHome=yes',
  'ProtectKernelTunables=yes',
  'ProtectKernelModules=yes',
  'ProtectControlGroups=yes',
  'NoNewPrivileges=yes',
  'CapabilityBoundingSet=',
  'RestrictNamespaces=yes',
  'RestrictSUIDSGID=yes',
  'LockPersonality=yes',
  'SystemCallFilter=@system-service',
  'SystemCallErrorNumber=EPERM',
  'UMask=0027',
  'Slice=gemel-sites.slice',
  `RuntimeMaxSec=${limitSeconds}`,
];

/** Runs a step of a version inside its image, in a unit of its own, as the site's user. */
export class SiteHooks {
  readonly #commands: CommandRunner;
  /** Whether the version is unpacked instead of mounted. */
  readonly #unpacked: (folder: string) => Promise<boolean>;

  constructor(commands: CommandRunner, unpacked: (folder: string) => Promise<boolean>) {
    this.#commands = commands;
    this.#unpacked = unpacked;
  }

  /** Nothing happens when the version has no such step. @throws ApplianceError `engine-failed` with what it said. */
  async run(run: HookRun): Promise<void> {
    const { site, hook, metadata, versionFolder, data, uid, memoryMiB, environment, input, signal } = run;
    const command = metadata.hooks[hook];
    if (command === undefined) return;
    const root = (await this.#unpacked(versionFolder))
      ? `RootDirectory=${versionFolder}/root`
      : `RootImage=${versionFolder}/image.squashfs`;
    const properties = [
      root,
      `User=${uid}`,
      `Group=${uid}`,
      `BindPaths=${data}:/data`,
      `MemoryMax=${memoryMiB}M`,
      ...confinement,
    ];
    const unit = hookUnit(site);
    const argv = [
      ...['--quiet', '--pipe', '--wait', '--collect', '--service-type=exec', `--unit=${unit}`],
      ...properties.flatMap((property) => ['-p', property]),
      ...Object.entries(environment).map(([name, value]) => `--setenv=${name}=${value}`),
      ...['--', ...command],
    ];
    const limits = { timeoutMs: (limitSeconds + 30) * 1_000, signal, ...(input === undefined ? {} : { input }) };
    const ended = this.#commands.run(['systemd-run', ...argv], limits);
    const { exitCode, stdout, stderr } = await ended.catch(async (failure: unknown) => {
      // Only the one who waited was ended: the step itself must not go on writing.
      await this.#commands.run(['systemctl', 'stop', unit]);
      throw failure;
    });
    if (exitCode === 0) return;
    const said = lastLine(stderr) ?? lastLine(stdout) ?? `nothing, and ended with code ${exitCode}`;
    const { type, version } = metadata;
    throw refusal(siteReports.report('sites.hook.failed', { site, hook, type, version, said }), 'engine-failed');
  }

  /** Those that core did not live to see the end of: nothing takes them up again, and the data that they work on is removed. */
  async endAll(): Promise<void> {
    await this.#commands.run(['systemctl', 'stop', hookUnit('*')]);
  }
}

function hookUnit(site: string): string {
  return `gemel-site-hook-${site}.service`;
}

function lastLine(text: string): string | undefined {
  const line = text.trim().split('\n').at(-1)?.slice(0, 300);
  return line === '' ? undefined : line;
}
