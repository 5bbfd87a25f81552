import { firmwareReports, refusal } from '../reports.js';
import { otherSlot } from '../slots/boot-choice.js';
import { type InstallationParts, type Installed, requireJudged } from './installation.js';

/** Back to what is in the other slot, by hand. It is judged like a new firmware. */
export class Rollback {
  readonly #parts: InstallationParts;

  constructor(parts: InstallationParts) {
    this.#parts = parts;
  }

  /** @throws ApplianceError `conflict` when there is nothing to go back to, or not now. */
  async run(by: string, when: 'now' | 'later'): Promise<Installed> {
    const { firmware, rauc, records, clock, restart, requireFitCluster, unhealthy } = this.#parts;
    const booted = await firmware.booted();
    if (booted === undefined)
      throw refusal(firmwareReports.report('firmware.slots.absent', { kind: 'machine without slots' }));
    await requireJudged(this.#parts, booted);
    const slot = otherSlot(booted);
    const other = (await rauc.slots()).find(({ name }) => name === slot);
    // one that fell back is whole and may be tried again; one whose installation was interrupted is neither good nor whole
    if (other === undefined || (!other.good && !other.whole))
      throw refusal(
        firmwareReports.report('firmware.rollback.nothing', {
          slot,
          reason: 'it is empty, or was not written to the end',
        }),
      );
    await requireFitCluster();
    const { version: running } = await firmware.record();
    const version = other.version ?? '';
    const at = clock.now();
    await records.begin({ slot, version, replaces: running, by, at, unhealthyBefore: [...(await unhealthy())] });
    try {
      await rauc.mark('active', 'other');
    } catch (failure) {
      await records.end(); // nothing was chosen that would be tried
      throw failure;
    }
    await records.add({ kind: 'chosen', at, slot, version, by, reason: '' });
    return { slot, version, restartsAt: when === 'now' ? await restart.soon() : null };
  }
}
