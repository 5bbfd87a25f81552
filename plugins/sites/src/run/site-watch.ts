import type { Clock, DBus, EventsAccess, Logger } from '@gemel/core/sdk';
import { siteEvents } from '../events.js';
import { siteUnit, siteUnitPattern } from '../paths.js';
import type { SiteState, SiteUnits } from './site-units.js';

const systemd = 'org.freedesktop.systemd1';
const systemdPath = '/org/freedesktop/systemd1';
/** A start is several jobs, and a takeover starts all sites: they are looked at together. */
const settleMs = 200;

export interface SiteWatchParts {
  readonly dbus: DBus;
  readonly clock: Clock;
  readonly units: SiteUnits;
  readonly events: EventsAccess;
  readonly log: Logger;
  readonly changed: () => void;
}

/** Tells what became of sites, whoever started or stopped them. systemd says when a job of one ended; nothing is polled. */
export class SiteWatch implements Disposable {
  readonly #parts: SiteWatchParts;
  readonly #signal: Disposable;
  #known: ReadonlyMap<string, SiteState> = new Map();
  /** When a site was seen to run no longer, by name. */
  readonly #endedAt = new Map<string, number>();
  #soon: Disposable | undefined;

  constructor(parts: SiteWatchParts) {
    this.#parts = parts;
    const match = { sender: systemd, path: systemdPath, interface: `${systemd}.Manager`, member: 'JobRemoved' };
    this.#signal = parts.dbus.onSignal(match, ([, , unit]) => {
      if (siteUnitPattern.test(String(unit))) this.#lookSoon();
    });
  }

  /** What is there already is no event. */
  async begin(): Promise<void> {
    const { dbus, units } = this.#parts;
    // Without it systemd sends no signals.
    await dbus.call({ destination: systemd, path: systemdPath, interface: `${systemd}.Manager`, member: 'Subscribe' });
    this.#known = await units.states();
  }

  /** Whether it ran not long ago: what ended with the engines of a single appliance is to run again in its pair. */
  ranWithin(name: string, ms: number): boolean {
    const { clock } = this.#parts;
    return clock.monotonic() - (this.#endedAt.get(name) ?? -Infinity) <= ms;
  }

  [Symbol.dispose](): void {
    this.#signal[Symbol.dispose]();
    this.#soon?.[Symbol.dispose]();
  }

  #lookSoon(): void {
    this.#soon ??= this.#parts.clock.after(settleMs, () => {
      this.#soon = undefined;
      this.#look().catch((failure: unknown) =>
        this.#parts.log.warn({ failure }, 'states of the sites could not be read'),
      );
    });
  }

  async #look(): Promise<void> {
    const { units, events, changed } = this.#parts;
    const now = await units.states();
    const before = this.#known;
    this.#known = now;
    for (const site of new Set([...before.keys(), ...now.keys()])) {
      const was = before.get(site) ?? 'stopped';
      const is = now.get(site) ?? 'stopped';
      if (was === is) continue;
      if (was === 'running') this.#endedAt.set(site, this.#parts.clock.monotonic());
      if (is === 'running') events.publish(siteEvents.started, { site });
      else if (is === 'stopped') events.publish(siteEvents.stopped, { site });
      else if (is === 'failed') events.publish(siteEvents.failed, { site, reason: gaveUp(site) });
      else if (is === 'restarting')
        events.publish(siteEvents.failed, { site, reason: 'It ended and is started again.' });
    }
    changed();
  }
}

function gaveUp(site: string): string {
  return `It ended or did not become healthy, again and again. See \`journalctl -u ${siteUnit(site)}\`.`;
}
