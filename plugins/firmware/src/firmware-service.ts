import type { SystemAccess } from '@gemel/core/sdk';
import type { FirmwareStatus, FirmwareState } from './slots/firmware-status.js';
import { ApplianceFirmware } from './slots/appliance-firmware.js';
import { slotNames } from './slots/boot-choice.js';
import { FirmwareRecords } from './slots/trial.js';
import { Rauc } from './system/rauc.js';

/** What is installed and what comes next. */
export class FirmwareService {
  constructor(
    readonly firmware: ApplianceFirmware,
    readonly records: FirmwareRecords,
    readonly rauc: Rauc,
  ) {}

  /** From files alone. */
  async state(): Promise<FirmwareState> {
    const [{ version }, slot, trial, history] = await Promise.all([
      this.firmware.record(),
      this.firmware.booted(),
      this.records.trial(),
      this.records.history(),
    ]);
    return { version, slot: slot ?? null, trial: trial ?? null, last: history[0] ?? null };
  }

  /** With RAUC's view. @throws ApplianceError `unavailable`, `engine-failed`. */
  async status(): Promise<FirmwareStatus> {
    const state = await this.state();
    if (state.slot === null) return { ...state, next: null, operation: 'idle', slots: [] };
    // One after the other: RAUC's service is started by the first call, and answers one at a time.
    const slots = await this.rauc.slots();
    const primary = await this.rauc.primary();
    const { operation } = await this.rauc.state();
    return {
      ...state,
      operation,
      next: slotNames.find((name) => slots.some(({ id, name: own }) => id === primary && own === name)) ?? null,
      slots: slotNames.flatMap((slot) => {
        const found = slots.find(({ name }) => name === slot);
        if (found === undefined) return [];
        const { booted, good, version, installedAt } = found;
        return [{ slot, running: booted, good, version: version ?? null, installedAt: installedAt ?? null }];
      }),
    };
  }
}

export function firmwareService({ files, dbus }: SystemAccess): FirmwareService {
  return new FirmwareService(new ApplianceFirmware(files), new FirmwareRecords(files), new Rauc(dbus));
}
