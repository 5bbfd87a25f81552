import type { EventsAccess } from '@gemel/core/sdk';

const prefix = 'settings.activation.';
/** The others end one: confirmed, rolled-back, stuck, failed. */
const pendingAfter = new Set(['started', 'awaiting-confirmation']);

/** Follows the settings engine's events to know whether a restart would take a change back. Ends with the plugin. */
export class ActivationWatch {
  #pending = false;

  constructor(events: EventsAccess) {
    events.onAny(prefix, (_payload, { id }) => {
      this.#pending = pendingAfter.has(id.slice(prefix.length));
    });
  }

  get pending(): boolean {
    return this.#pending;
  }
}
