import { ApplianceError, type Clock, type EventsAccess, type JobCall, type Report } from '@gemel/core/sdk';
import { z } from 'zod';
import type { BundleExamination, Examination } from '../bundle/examination.js';
import { needsConfirmation, type Step } from '../bundle/version-step.js';
import { firmwareEvents } from '../events.js';
import { firmwareReports, refusal } from '../reports.js';
import type { ApplianceFirmware } from '../slots/appliance-firmware.js';
import { type SlotName, slotNames } from '../slots/boot-choice.js';
import type { FirmwareRecords } from '../slots/trial.js';
import type { Rauc, RaucSlot } from '../system/rauc.js';
import type { Restart } from '../system/restart.js';

/** Writing is this part of the way; before it is the examination. */
const writingFrom = 0.2;
/** Often enough for a progress bar; each question is one D-Bus call. */
const pollMs = 1_000;
/** RAUC tells that it has ended before it is idle. */
const idleAfterMs = 50;

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
const savedSchema = z.lazy(() =>
  z.object({
    version: z.string(),
    running: z.string(),
    slot: z.enum(slotNames),
    unhealthyBefore: z.array(z.string()),
    /** How often the slot had been written before. Version 0.1.0 did not keep it. */
    installationsBefore: z.number().default(-1),
  }),
);
type Saved = z.output<typeof savedSchema>;

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
    requireAgreement(examined, request.confirm, call);
    const saved: Saved = {
      version: examined.version,
      running: examined.running,
      slot: examined.slot,
      unhealthyBefore: [...(await this.#parts.unhealthy())],
      installationsBefore: (await slotNamed(rauc, examined.slot))?.installations ?? 0,
    };
    await call.save(saved);
    call.log(`writing version ${examined.version} to slot ${examined.slot}`);
    await rauc.install(request.file);
    return this.#follow(request, saved, call);
  }

  /** After a restart of core in the middle. */
  async resume(request: InstallRequest, saved: unknown, call: JobCall): Promise<Installed> {
    if (saved === null)
      throw new ApplianceError('cancelled', 'Core was restarted before anything was written. Install again.');
    return this.#follow(request, savedSchema.parse(saved), call);
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
    const { rauc, firmware, clock, records, events, restart } = this.#parts;
    const lastError = await this.#ended(call);
    const { slot, version, running, unhealthyBefore } = saved;
    const isRunning = (await firmware.booted()) === slot;
    const target = await slotNamed(rauc, slot);
    if (lastError !== '' || !isWritten(target, saved, isRunning)) {
      // what was in the slot before, and waited for its first start, is gone
      if (!isRunning && target?.good !== true && (await records.trial())?.slot === slot) await records.end();
      const { file } = request;
      const report =
        lastError === ''
          ? firmwareReports.report('firmware.install.interrupted', { file, slot })
          : firmwareReports.report('firmware.install.failed', { file, reason: lastError.replace(/\.$/, '') });
      throw refusal(report, 'engine-failed');
    }
    // a job that was found again late: it was started and judged meanwhile
    if (isRunning && target?.good === true) return { slot, version, restartsAt: null };
    const at = clock.now();
    const by = call.caller.name;
    await records.begin({ slot, version, replaces: running, by, at, unhealthyBefore });
    await records.add({ kind: 'installed', at, slot, version, by, reason: '' });
    events.publish(firmwareEvents.installed, { slot, version, by });
    call.log(`version ${version} is in slot ${slot} and is tried at the ${isRunning ? 'present' : 'next'} start`);
    // core that shuts down lets the job go on at its next start
    if (call.signal.aborted && !isRunning)
      throw new ApplianceError(
        'cancelled',
        `Cancelled when version ${version} was already written: it is in slot ${slot} and is tried at the next start. To start it now: gemel device reboot.`,
      );
    // a restart in the middle of its first start would be taken for a failed one
    const restarts = request.restart === 'now' && !isRunning;
    return { slot, version, restartsAt: restarts ? await restart.soon() : null };
  }

  /** @returns RAUC's reason when it failed, else an empty text; also where it does not know of an installation (any more). */
  async #ended(call: JobCall): Promise<string> {
    const { rauc, clock } = this.#parts;
    const { promise: completed, resolve } = Promise.withResolvers<void>();
    let isCompleted = false;
    using _listening = rauc.onCompleted(() => {
      isCompleted = true;
      resolve();
    });
    for (;;) {
      const { operation, lastError, percent, message } = await rauc.state();
      if (operation === 'idle') return lastError;
      call.progress(writingFrom + (1 - writingFrom) * (percent / 100), message);
      await (isCompleted ? clock.sleep(idleAfterMs) : Promise.race([clock.sleep(pollMs), completed]));
    }
  }
}

async function slotNamed(rauc: Rauc, wanted: SlotName): Promise<RaucSlot | undefined> {
  return (await rauc.slots()).find(({ name }) => name === wanted);
}

/**
 * RAUC that does nothing and tells of no error may have ended in the middle, by a power failure: only what it noted of the slot counts. It
 * has the boot loader choose the slot last of all. During its first start a slot has used its try, so that it does not count as good. Pure.
 */
function isWritten(target: RaucSlot | undefined, saved: Saved, isRunning: boolean): boolean {
  if (target === undefined || !target.whole || target.version !== saved.version) return false;
  return target.installations !== saved.installationsBefore && (target.good || isRunning);
}

/** While the running slot is on trial, the other one is the way back. */
export async function requireJudged(
  { records, rauc }: Pick<InstallationParts, 'records' | 'rauc'>,
  booted: SlotName,
): Promise<void> {
  const trial = await records.trial();
  const running = await slotNamed(rauc, booted);
  if (trial?.slot === booted || running?.good === false)
    throw refusal(firmwareReports.report('firmware.trial.under-way', { slot: booted }));
}

/** @throws ApplianceError with everything that speaks against it, or for a step that somebody must agree to by name. */
export function requireAgreement(examined: Examination, agreed: Step | undefined, { log }: Pick<JobCall, 'log'>): void {
  const { reports, step, question } = examined;
  const textOf = (severity: Report['severity']) =>
    reports.flatMap((report) => (report.severity === severity ? [report.text] : []));
  const refused = textOf('error');
  if (refused.length > 0) throw new ApplianceError('invalid', refused.join(' '), { reports });
  const warnings = textOf('warning');
  if (needsConfirmation(step) && agreed !== step) {
    const asked = [...warnings, question].join(' ');
    throw refusal(firmwareReports.report('firmware.version.unconfirmed', { question: asked, step }));
  }
  for (const warning of warnings) log(warning);
}
