import type { Logger, UnitManager } from '@gemel/core/sdk';
import type { PairStatus } from '../status/pair-schema.js';

const target = 'gemel-maintenance.target';

/** What services of this node hang on to that run only while it is out of service. Pacemaker knows nothing of it and waits for nothing in it. */
export class MaintenanceTarget {
  readonly #units: UnitManager;
  readonly #log: Logger;
  #wanted: boolean | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(units: UnitManager, log: Logger) {
    this.#units = units;
    this.#log = log;
  }

  /** Undefined: this device is in no cluster, where nobody can take it out of service. */
  follow(pair: PairStatus | undefined): void {
    if (pair === undefined && this.#wanted === undefined) return;
    const wanted = pair !== undefined && isOutOfService(pair);
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#turn = this.#turn.then(() => this.#set(wanted));
  }

  async #set(reached: boolean): Promise<void> {
    try {
      await (reached ? this.#units.start(target) : this.#units.stop(target));
    } catch (failure) {
      // The next look at the pair tries again.
      this.#wanted = undefined;
      this.#log.warn({ failure: String(failure), reached }, `${target} does not follow the maintenance of this node`);
    }
  }
}

/** In maintenance, and what it carried has gone. Pure. */
function isOutOfService({ nodes, activeNode }: PairStatus): boolean {
  return nodes.some(({ local, state, name }) => local && state === 'maintenance' && name !== activeNode);
}
