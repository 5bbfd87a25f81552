import { EventBus } from '../bus/event-bus.js';
import type { Clock, EventDefinition, Logger } from '../sdk/index.js';
import { misfit } from './misfit.js';

/** Parses what is published, which the plain bus trusts the compiler for. What does not fit is delivered all the same, and told. */
export class CheckedEventBus extends EventBus {
  readonly #complain: (problem: string) => void;

  constructor(clock: Clock, log: Logger, complain: (problem: string) => void) {
    super(clock, log);
    this.#complain = complain;
  }

  override publish<Payload>(source: string, definition: EventDefinition<Payload>, payload: Payload): void {
    const problem = misfit(definition.schema, payload);
    if (problem !== undefined) this.#complain(`event ${definition.id} of ${source}: ${problem}`);
    super.publish(source, definition, payload);
  }
}
