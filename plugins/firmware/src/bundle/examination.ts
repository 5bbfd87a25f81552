import type { CommandRunner, FileStore, Report } from '@gemel/core/sdk';
import type { HardwareService } from '@gemel/plugin-hardware/contract';
import { paths } from '../paths.js';
import { firmwareReports } from '../reports.js';
import type { ApplianceFirmware } from '../slots/appliance-firmware.js';
import { otherSlot, type SlotName } from '../slots/boot-choice.js';
import { type BundleInfo, parseBundleInfo, refusalOf } from './bundle-info.js';
import { judgeBundle } from './bundle-verdict.js';
import { trySettings } from './settings-trial.js';
import { type Step, stepBetween, stepQuestion } from './version-step.js';

export interface ExaminationParts {
  readonly commands: CommandRunner;
  readonly files: FileStore;
  readonly firmware: ApplianceFirmware;
  readonly hardware: () => HardwareService | undefined;
  /** What of the appliance would not go on as it is with that version. */
  readonly warnings: (version: string) => Promise<readonly Report[]>;
  /** Program that hashes a whole bundle. */
  readonly checkProgram: string;
}

export interface Examination {
  readonly file: string;
  readonly version: string;
  readonly running: string;
  readonly step: Step;
  /** What a person is asked. */
  readonly question: string;
  readonly slot: SlotName;
  /** Everything that was found; an error means that it is not installed. */
  readonly reports: readonly Report[];
}

/** Half an hour: on an emulated processor a bundle is hashed at some 10 MB/s. */
const hashLimitMs = 1_800_000;

type Progress = (fraction: number | undefined, message: string) => void;

/** Looks at a bundle from every side before a byte is written. */
export class BundleExamination {
  readonly #parts: ExaminationParts;
  /** Bundles whose content was hashed since core started, by file with size and time of change. */
  readonly #intact = new Set<string>();
  /** Those that could take over the settings, with the revision. */
  readonly #tried = new Set<string>();

  constructor(parts: ExaminationParts) {
    this.#parts = parts;
  }

  /** @throws ApplianceError for engines that fail; what is wrong with the bundle is in the reports. */
  async examine(
    file: string,
    booted: SlotName | undefined,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<Examination> {
    const { firmware } = this.#parts;
    const { version: running, oldestAllowed } = await firmware.record();
    const slot = otherSlot(booted ?? 'A');
    progress(0.01, 'reading the signature');
    const read = await this.#read(file, signal);
    if ('report' in read) return this.#refused(file, running, slot, read.report);
    const { info, identity } = read;
    const reports = [
      ...judgeBundle(file, info, {
        running,
        oldestAllowed,
        compatible: await firmware.compatible(),
        profile: await this.#profile(),
        target: booted === undefined ? undefined : { slot, bytes: await firmware.slotBytes(slot) },
      }),
    ];
    if (reports.length === 0) {
      progress(0.03, 'checking the whole content');
      const damage = await this.#damage(file, info, identity, signal);
      if (damage !== undefined) reports.push(damage);
    }
    if (reports.length === 0 && info.rules !== undefined) {
      progress(0.15, 'trying the settings with the code of this version');
      reports.push(...(await this.#settingsRefused(file, info.version, info.rules.settingsTrial, identity, signal)));
    }
    if (reports.length === 0) reports.push(...(await this.#parts.warnings(info.version)));
    const step = stepBetween(running, info.version);
    const question = stepQuestion(step, running, info.version);
    return { file, version: info.version, running, step, question, slot, reports };
  }

  #refused(file: string, running: string, slot: SlotName, report: Report): Examination {
    return { file, version: '', running, step: 'major', question: '', slot, reports: [report] };
  }

  async #read(
    file: string,
    signal: AbortSignal,
  ): Promise<{ readonly info: BundleInfo; readonly identity: string } | { readonly report: Report }> {
    const { commands } = this.#parts;
    const found = await commands.run(['stat', '--format=%F %s %Y %i', file], { signal });
    if (found.exitCode !== 0 || !found.stdout.startsWith('regular file '))
      return { report: firmwareReports.report('firmware.bundle.missing', { file }) };
    const read = await commands.run(['rauc', 'info', '--output-format=json-2', file], { timeoutMs: 60_000, signal });
    if (read.exitCode !== 0) {
      const { kind, reason } = refusalOf(read.stderr);
      return { report: firmwareReports.report(`firmware.bundle.${kind}`, { file, reason }) };
    }
    try {
      return { info: parseBundleInfo(read.stdout), identity: `${file} ${found.stdout}` };
    } catch (thrown) {
      const reason =
        thrown instanceof SyntaxError
          ? 'RAUC described it in no known form'
          : 'it is no verity bundle with a root image';
      return { report: firmwareReports.report('firmware.bundle.unreadable', { file, reason }) };
    }
  }

  async #damage(file: string, info: BundleInfo, identity: string, signal: AbortSignal): Promise<Report | undefined> {
    if (this.#intact.has(identity)) return undefined;
    const { rootHash, salt, treeBytes } = info.verity;
    const argv = [paths.node, this.#parts.checkProgram, file, rootHash, salt, String(treeBytes)] as const;
    const { exitCode, stdout, stderr } = await this.#parts.commands.run(argv, { timeoutMs: hashLimitMs, signal });
    if (exitCode === 0) {
      this.#intact.add(identity);
      return undefined;
    }
    const reason = stdout || stderr.trim().split('\n').at(-1) || 'it could not be read';
    return firmwareReports.report('firmware.bundle.damaged', { file, reason });
  }

  /** Asked once for each bundle and revision of the settings. */
  async #settingsRefused(
    file: string,
    version: string,
    archive: string,
    identity: string,
    signal: AbortSignal,
  ): Promise<readonly Report[]> {
    const { commands, files } = this.#parts;
    const revision = await files.readLink(paths.confirmedSettings);
    const key = `${identity} ${revision ?? ''}`;
    if (revision !== undefined && this.#tried.has(key)) return [];
    const refused = await trySettings({ commands, files }, file, archive, signal).catch((thrown: unknown) => [
      `its code did not get that far (${thrown instanceof Error ? thrown.message : String(thrown)})`,
    ]);
    if (refused.length === 0) this.#tried.add(key);
    return refused.map((reason) =>
      firmwareReports.report('firmware.settings.refused', { version, reason: reason.replace(/\.$/, '') }),
    );
  }

  async #profile(): Promise<string | undefined> {
    return (await this.#parts.hardware()?.status())?.profile?.id;
  }
}
