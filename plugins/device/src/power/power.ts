import {
  ApplianceError,
  asApplianceError,
  type Caller,
  type Clock,
  type EventDefinition,
  type EventsAccess,
  type FileStore,
  type HostKind,
  type SettingsMaintenance,
} from '@gemel/core/sdk';
import { deviceReports } from '../reports.js';
import type { Logind, ShutdownKind } from '../system/logind.js';
import { deviceEvents } from './power-events.js';

/** Time for the answer to reach whoever asked before core is stopped. */
const shortestDelayMs = 2_000;

/** Where core finds at its next start that the rest of a factory reset is due; see PowerParts.maintenance. */
export const factoryResetMarker = '/var/lib/gemel/factory-reset';

export interface PowerParts {
  readonly kind: HostKind;
  readonly logind: Logind;
  readonly clock: Clock;
  readonly events: EventsAccess;
  readonly files: FileStore;
  /** Resets the settings; users, tokens, jobs and plugins' data are removed by core before it starts plugins. */
  readonly maintenance: () => SettingsMaintenance | undefined;
}

export interface PowerRequest {
  readonly delaySeconds: number;
  /** Also while a change awaits confirmation. */
  readonly force: boolean;
}

type RequestEvent = EventDefinition<{ by: string; at: number }>;

/** Restart, power off and factory reset. */
export class Power {
  readonly #parts: PowerParts;

  constructor(parts: PowerParts) {
    this.#parts = parts;
  }

  /** @returns when it happens. @throws ApplianceError `conflict` while a change awaits confirmation, `unavailable`. */
  async reboot(caller: Caller, request: PowerRequest): Promise<number> {
    return await this.#request(caller, request, 'reboot', deviceEvents.rebootRequested);
  }

  async shutdown(caller: Caller, request: PowerRequest): Promise<number> {
    return await this.#request(caller, request, 'poweroff', deviceEvents.shutdownRequested);
  }

  /** @throws ApplianceError `not-found` when nothing was scheduled. */
  async cancel(caller: Caller): Promise<void> {
    this.#requirePower();
    if (!(await this.#parts.logind.cancel())) {
      throw new ApplianceError('not-found', 'Neither a restart nor switching off is scheduled.');
    }
    this.#parts.events.publish(deviceEvents.shutdownCancelled, { by: caller.name });
  }

  /**
   * The marker is on disk before anything is reset and goes last, at the next start: a power loss in between is finished
   * then. A restart that cannot be asked for does not take the marker back: the settings and their history are gone by then, and
   * only a start makes the rest fit them. @throws ApplianceError `conflict` while a change awaits confirmation.
   */
  async factoryReset(caller: Caller): Promise<number> {
    this.#requirePower();
    this.#requireNoActivation(false);
    const { files, clock } = this.#parts;
    const maintenance = this.#parts.maintenance();
    if (maintenance === undefined)
      throw new ApplianceError('unavailable', 'Core offers no factory reset. Update core.');
    const marker = {
      requestedBy: caller.name,
      requestedAt: new Date(clock.now()).toISOString(),
      keepScopes: ['hardware'],
    };
    // Of a reset that is not finished: what is refused now must not end that one.
    const unfinished = await files.read(factoryResetMarker);
    await files.write(factoryResetMarker, `${JSON.stringify(marker)}\n`, { mode: 0o600 });
    try {
      await maintenance.factoryReset(caller, { keepScopes: ['hardware'] });
    } catch (failure) {
      if (unfinished === undefined) await files.remove(factoryResetMarker);
      else await files.write(factoryResetMarker, unfinished, { mode: 0o600 });
      throw failure;
    }
    const request = { delaySeconds: 0, force: true };
    try {
      return await this.#request(caller, request, 'reboot', deviceEvents.factoryResetRequested);
    } catch (thrown) {
      const { code, message } = asApplianceError(thrown);
      const whatNow =
        'The settings are reset already; users, tokens, the audit log, jobs and data of plugins go at the next start, and until then the device runs with its former settings. Restart it now: gemel device reboot, or switch it off and on.';
      throw new ApplianceError(
        code,
        `The restart that ends the factory reset could not be asked for: ${message} ${whatNow}`,
        {
          cause: thrown,
        },
      );
    }
  }

  async #request(caller: Caller, request: PowerRequest, kind: ShutdownKind, event: RequestEvent): Promise<number> {
    this.#requirePower();
    this.#requireNoActivation(request.force);
    const at = this.#parts.clock.now() + Math.max(request.delaySeconds * 1_000, shortestDelayMs);
    await this.#parts.logind.schedule({ kind, at });
    this.#parts.events.publish(event, { by: caller.name, at });
    return at;
  }

  #requirePower(): void {
    if (this.#parts.kind !== 'sandbox') return;
    throw new ApplianceError(
      'unavailable',
      'The sandbox is no device that could restart. End it where it was started.',
    );
  }

  #requireNoActivation(force: boolean): void {
    if (force || this.#parts.maintenance()?.activationPending !== true) return;
    const report = deviceReports.report('device.power.activation-pending', {});
    throw new ApplianceError('conflict', report.text, { reports: [report] });
  }
}
