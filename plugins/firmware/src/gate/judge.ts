import { ApplianceError, type Clock, type EventsAccess, type Health } from '@gemel/core/sdk';
import { firmwareEvents } from '../events.js';
import type { SlotName } from '../slots/boot-choice.js';
import type { FirmwareRecords } from '../slots/trial.js';

/**
 * What stands against the firmware that runs: checks that fail and did not before it was installed. A broken disk or an unreachable time
 * server is no reason to go back. Pure.
 *
 * @returns sentences without full stops; empty when it is healthy.
 */
export function objections(health: Health, unhealthyBefore: readonly string[]): readonly string[] {
  return health.items
    .filter(({ name, healthy }) => !healthy && !unhealthyBefore.includes(name))
    .map(({ name, reason }) => `${name}: ${reason.replace(/\.$/, '')}`);
}

export interface GateParts {
  readonly records: FirmwareRecords;
  /** Version that runs. */
  readonly running: () => Promise<string>;
  readonly health: () => Promise<Health | undefined>;
  readonly clock: Clock;
  readonly events: EventsAccess;
}

/** What systemd/libexec/gemel-firmware-gate asks of core. */
export class Gate {
  readonly #parts: GateParts;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** @throws ApplianceError `conflict` while anything stands against the firmware, `unavailable` until it was looked at. */
  async judge(): Promise<number> {
    const health = await this.#parts.health();
    if (health === undefined)
      throw new ApplianceError('unavailable', 'The health was not examined yet. Ask again in some seconds.');
    const against = objections(health, (await this.#parts.records.trial())?.unhealthyBefore ?? []);
    if (against.length > 0) throw new ApplianceError('conflict', `Not healthy: ${against.join('; ')}.`);
    return health.items.length;
  }

  /** How a first start ended. Done again it changes nothing more than a line of the history. */
  async conclude(kind: 'good' | 'fell-back', slot: SlotName, reason: string): Promise<void> {
    const { records, clock, events } = this.#parts;
    const trial = await records.trial();
    // without a record (installed by RAUC alone, or the power failed before it was written) only what runs is known
    const version = trial?.slot === slot ? trial.version : kind === 'good' ? await this.#parts.running() : '';
    await records.add({ kind, at: clock.now(), slot, version, by: 'gate', reason });
    await records.end();
    if (kind === 'good') events.publish(firmwareEvents.markedGood, { slot, version });
    else events.publish(firmwareEvents.fellBack, { slot, version, reason });
  }
}
