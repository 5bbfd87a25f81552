import type { Clock, CommandResult, CommandRunner } from '@gemel/core/sdk';
import { answerTimes } from './outage.js';

/** Twenty questions a second tell an outage to 0.1 s and cost a slow link nothing. */
export const probeIntervalMs = 50;

/** One ping program lives so long, and the next one begins before it ends. */
const roundMs = 6_000;
const nextRoundMs = 4_000;

/**
 * Asks an address again and again until it is ended, from outside of the resource: ping runs in a unit of its own. Rounds
 * overlap, so that there is no moment without one.
 */
export class AddressProbe {
  readonly #rounds: Promise<CommandResult>[] = [];
  readonly #next: Disposable;

  constructor(
    readonly commands: CommandRunner,
    clock: Clock,
    readonly address: string,
  ) {
    this.#begin();
    this.#next = clock.every(nextRoundMs, () => this.#begin());
  }

  /** @returns when the address answered, milliseconds of the wall clock. @throws ApplianceError when ping cannot be run. */
  async end(): Promise<readonly number[]> {
    this.#next[Symbol.dispose]();
    const rounds = await Promise.all(this.#rounds);
    return rounds.flatMap(({ stdout }) => answerTimes(stdout));
  }

  #begin(): void {
    const seconds = (milliseconds: number) => String(milliseconds / 1_000);
    const round = this.commands.run(
      ['ping', '-n', '-D', '-i', seconds(probeIntervalMs), '-W', '1', '-w', seconds(roundMs), this.address],
      { timeoutMs: roundMs + 4_000 },
    );
    // whoever ends the probe hears of it
    round.catch(() => undefined);
    this.#rounds.push(round);
  }
}
