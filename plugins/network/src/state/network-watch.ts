import type { Clock, EventsAccess, Logger } from '@gemel/core/sdk';
import { toDisposable } from '@gemel/core/sdk';
import {
  addressDuplicate,
  bondDegraded,
  bondDown,
  bondRecovered,
  linkAppeared,
  linkCarrierGained,
  linkCarrierLost,
  linkDisappeared,
  linkRenamed,
} from '../events.js';
import type { LiveNetwork, Observed } from '../network-service.js';
import type { Networkd } from '../system/networkd.js';
import { BondTeller, linkEvents, type StateEvent } from './state-events.js';

/** networkd signals each property by itself; a look after each would be many for one cable. Longer delays the event. */
const debounceMs = 300;

/** Changes that networkd does not signal, such as the LACP partner's; longer leaves an old state on the screen. */
const lookEveryMs = 10_000;

interface WatchParts {
  readonly network: LiveNetwork;
  readonly networkd: Networkd;
  readonly events: EventsAccess;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after each look that was different from the one before. */
  readonly changed: (observed: Observed) => Promise<void>;
}

/** Looks at the live network whenever networkd says that something changed, and now and then; tells what happened as events. */
export function watchNetwork({ network, networkd, events, clock, log, changed }: WatchParts): Disposable {
  const bonds = new BondTeller();
  let before: Observed | undefined;
  let shown = '';
  let scheduled: Disposable | undefined;
  let looking = false;
  let again = false;
  let ended = false;

  const look = async () => {
    if (ended) return;
    again = looking;
    if (looking) return;
    looking = true;
    try {
      const observed = await network.observe();
      if (ended) return;
      const happened = [
        ...(before === undefined ? [] : linkEvents(before.links, observed.links)),
        ...bonds.look(observed.states, observed.links, observed.at),
      ];
      before = observed;
      for (const event of happened) publish(events, event);
      const picture = JSON.stringify(observed.states);
      if (picture !== shown) {
        shown = picture;
        await changed(observed);
      }
    } catch (error) {
      // The next look tries again; the health check and the status say what is wrong meanwhile. At the very first start there are no settings yet.
      log.debug({ error: String(error) }, 'could not look at the network');
    } finally {
      looking = false;
      if (again) soon();
    }
  };

  const soon = () => {
    if (scheduled !== undefined || ended) return;
    scheduled = clock.after(debounceMs, () => {
      scheduled = undefined;
      void look();
    });
  };
  const signals = networkd.onChange(soon);
  const regularly = clock.every(lookEveryMs, () => void look());
  soon();
  return toDisposable(() => {
    ended = true;
    scheduled?.[Symbol.dispose]();
    regularly[Symbol.dispose]();
    signals[Symbol.dispose]();
  });
}

function publish(events: EventsAccess, event: StateEvent): void {
  switch (event.kind) {
    case 'carrier-gained':
      return events.publish(linkCarrierGained, { interface: event.interface, speed: event.speed });
    case 'carrier-lost':
      return events.publish(linkCarrierLost, { interface: event.interface });
    case 'appeared':
      return events.publish(linkAppeared, { interface: event.interface, hardwareAddress: event.hardwareAddress });
    case 'disappeared':
      return events.publish(linkDisappeared, { interface: event.interface, hardwareAddress: event.hardwareAddress });
    case 'renamed':
      return events.publish(linkRenamed, {
        interface: event.interface,
        before: event.before,
        hardwareAddress: event.hardwareAddress,
      });
    case 'duplicate':
      return events.publish(addressDuplicate, { interface: event.interface, address: event.address });
    case 'bond-degraded':
      return events.publish(bondDegraded, { bond: event.bond, working: [...event.working], failed: [...event.failed] });
    case 'bond-recovered':
      return events.publish(bondRecovered, { bond: event.bond });
    case 'bond-down':
      return events.publish(bondDown, { bond: event.bond, failed: [...event.failed] });
  }
}
