import {
  ApplianceError,
  type DisposableStore,
  type Clock,
  type EventDefinition,
  type EventListener,
  type EventsAccess,
  type Logger,
} from '../sdk/index.js';
import type { EventBus } from './event-bus.js';

/** A plugin may publish this many events a second on average … */
const eventsPerSecond = 1_000;
/** … and this many at once. Beyond it events are dropped and counted, so that one plugin cannot starve the rest. */
const burst = 5_000;

/** A plugin's door to the bus: only what its manifest lists, not more than its share, gone when the plugin ends. */
export class PluginEvents implements EventsAccess {
  #allowance = burst;
  #refilledAt: number;
  #dropped = 0;

  constructor(
    readonly pluginId: string,
    readonly bus: EventBus,
    readonly publishes: ReadonlySet<string>,
    readonly own: DisposableStore,
    readonly door: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.#refilledAt = door.clock.monotonic();
  }

  /** Events dropped because the plugin flooded the bus. */
  get dropped(): number {
    return this.#dropped;
  }

  publish<Payload>(definition: EventDefinition<Payload>, payload: Payload): void {
    if (!this.publishes.has(definition.id)) {
      throw new ApplianceError(
        'forbidden',
        `Plugin ${this.pluginId} may not publish ${definition.id}: add it to "publishes" in the plugin's package.json.`,
      );
    }
    if (!this.#spend()) return;
    this.bus.publish(this.pluginId, definition, payload);
  }

  on<Payload>(definition: EventDefinition<Payload>, listener: EventListener<Payload>): Disposable {
    return this.#owned(this.bus.on(this.pluginId, definition, listener));
  }

  onAny(prefix: string, listener: EventListener<unknown>): Disposable {
    return this.#owned(this.bus.onAny(this.pluginId, prefix, listener));
  }

  #owned(subscription: Disposable): Disposable {
    this.own.add(subscription);
    return { [Symbol.dispose]: () => void this.own.release(subscription) };
  }

  #spend(): boolean {
    const now = this.door.clock.monotonic();
    this.#allowance = Math.min(burst, this.#allowance + ((now - this.#refilledAt) / 1_000) * eventsPerSecond);
    this.#refilledAt = now;
    if (this.#allowance >= 1) {
      this.#allowance -= 1;
      return true;
    }
    this.#dropped += 1;
    if (this.#dropped === 1) {
      this.door.log.error(
        { plugin: this.pluginId, eventsPerSecond },
        'plugin floods the bus: its events are being dropped',
      );
    }
    return false;
  }
}
