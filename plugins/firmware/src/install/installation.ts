import { ApplianceError, type Clock, type EventsAccess, type JobCall } from '@gemel/core/sdk';
import type { BundleExamination, Examination } from '../bundle/examination.js';
import { needsConfirmation, type Step } from '../bundle/version-step.js';
import { firmwareEvents } from '../events.js';
import { firmwareReports, refusal } from '../reports.js';
import type { ApplianceFirmware } from '../slots/appliance-firmware.js';
import type { SlotName } from '../slots/boot-choice.js';
import type { FirmwareRecords } from '../slots/trial.js';
import type { Rauc } from '../system/rauc.js';
import type { Restart } from '../system/restart.js';

/** Writing is this part of the way; before it is the examination. */
const writingFrom = 0.2;
/** Often enough for a progress bar; each question is one D-Bus call. */
const pollMs = 1_000;

export interface InstallationParts {
  readonly rauc: Rauc;
  readonly firmware: ApplianceFirmware;
  readonly examination: BundleExamination;
  readonly records: FirmwareRecords;
  readonly restart: Restart;
  readonly events: EventsAccess;
  readonly clock: Clock;
  /** @throws ApplianceError `conflict` while the cluster is not fit for a restart of this node. */
  readonly requireFitCluster: () => Promise<void>;
  /** Names of the checks that are not healthy now. */
  readonly unhealthy: () => Promise<readonly string[]>;
}

export interface InstallRequest {
  readonly file: string;
  /** The step that the caller agrees to. */
  readonly confirm?: Step | undefined;
  readonly restart: 'now' | 'later';
}

export interface Installed {
  readonly slot: SlotName;
  readonly version: string;
  /** Wall clock of the restart; null when somebody restarts it later. */
  readonly restartsAt: number | null;
}

/** What a job keeps on disk, so that it is found again after a restart of core: RAUC goes on without core. */
interface Saved {
  readonly version: string;
  readonly running: string;
  readonly slot: SlotName;
  readonly unhealthyBefore: readonly string[];
}

/** Puts a bundle into the slot that does not run. */
export class Installation {
  readonly #parts: InstallationParts;

  constructor(parts: InstallationParts) {
    this.#parts = parts;
  }

  /** @throws ApplianceError `invalid` with everything that speaks against the bundle, `conflict`, `engine-failed`. */
  async run(request: InstallRequest, call: JobCall): Promise<Installed> {
    const { rauc, examination } = this.#parts;
    const booted = await this.#requireFit(call);
    const examined = await examination.examine(request.file, booted, call.signal, call.progress);
    requireAgreement(examined, request.confirm);
    const unhealthyBefore = await this.#parts.unhealthy();
    const saved: Saved = { version: examined.version, running: examined.running, slot: examined.slot, unhealthyBefore };
    await call.save(saved);
    call.log(`writing version ${examined.version} to slot ${examined.slot}`);
    await rauc.install(request.file);
    return this.#follow(request, saved, call);
  }

  /** After a restart of core in the middle. */
  async resume(request: InstallRequest, saved: unknown, call: JobCall): Promise<Installed> {
    if (saved === null)
      throw new ApplianceError('cancelled', 'Core was restarted before anything was written. Install again.');
    return this.#follow(request, saved as Saved, call); // what `run` saved
  }

  /** To be called before a slot is written or chosen. @returns the slot that runs. */
  async #requireFit({ progress }: Pick<JobCall, 'progress'>): Promise<SlotName> {
    const { firmware, rauc, requireFitCluster } = this.#parts;
    progress(0, 'looking whether this appliance can be updated now');
    const booted = await firmware.booted();
    if (booted === undefined)
      throw refusal(firmwareReports.report('firmware.slots.absent', { kind: 'machine without slots' }));
    await requireJudged(this.#parts, booted);
    const { operation } = await rauc.state();
    if (operation !== 'idle') throw refusal(firmwareReports.report('firmware.install.busy', { operation }));
    await requireFitCluster();
    return booted;
  }

  /** The write cannot be stopped half-way: what was asked to stop ends when RAUC has ended. */
  async #follow(request: InstallRequest, saved: Saved, call: JobCall): Promise<Installed> {
    const { rauc, clock, records, events, restart } = this.#parts;
    for (;;) {
      const { operation, lastError, percent, message } = await rauc.state();
      if (operation === 'idle') {
        if (lastError !== '') {
          const reason = lastError.replace(/\.$/, '');
          throw refusal(
            firmwareReports.report('firmware.install.failed', { file: request.file, reason }),
            'engine-failed',
          );
        }
        break;
      }
      call.progress(writingFrom + (1 - writingFrom) * (percent / 100), message);
      await clock.sleep(pollMs);
    }
    const { slot, version, running, unhealthyBefore } = saved;
    const at = clock.now();
    const by = call.caller.name;
    await records.begin({ slot, version, replaces: running, by, at, unhealthyBefore: [...unhealthyBefore] });
    await records.add({ kind: 'installed', at, slot, version, by, reason: '' });
    events.publish(firmwareEvents.installed, { slot, version, by });
    call.log(`version ${version} is in slot ${slot} and is tried at the next start`);
    return { slot, version, restartsAt: request.restart === 'now' ? await restart.soon() : null };
  }
}

/** While the running slot is on trial, the other one is the way back. */
export async function requireJudged(
  { records, rauc }: Pick<InstallationParts, 'records' | 'rauc'>,
  booted: SlotName,
): Promise<void> {
  const trial = await records.trial();
  const running = (await rauc.slots()).find(({ name }) => name === booted);
  if (trial?.slot === booted || running?.good === false)
    throw refusal(firmwareReports.report('firmware.trial.under-way', { slot: booted }));
}

/** @throws ApplianceError with everything that speaks against it, or for a step that somebody must agree to by name. */
export function requireAgreement(examined: Examination, agreed: Step | undefined): void {
  const { reports, step, question } = examined;
  const [first] = reports;
  if (first !== undefined) {
    throw new ApplianceError('invalid', reports.map(({ text }) => text).join(' '), { reports });
  }
  if (needsConfirmation(step) && agreed !== step)
    throw refusal(firmwareReports.report('firmware.version.unconfirmed', { question, step }));
}
