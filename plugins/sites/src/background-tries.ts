import type { Clock } from '@gemel/core/sdk';

export interface BackgroundTriesParts {
  readonly clock: Clock;
  /** Between two tries. */
  readonly againMs: number;
  /** How many tries there are after each beginning. */
  readonly patience: number;
  /** True: nothing is left to do. What it throws is told only when it was the last try. */
  readonly attempt: (signal: AbortSignal) => Promise<boolean>;
  /** Why it was given up. */
  readonly tell: (failure: unknown) => void;
}

/** Work in the background that is tried again until it is done, once at a time. */
export class BackgroundTries implements Disposable {
  readonly #parts: BackgroundTriesParts;
  readonly #ended = new AbortController();
  #left = 0;
  #running = false;

  constructor(parts: BackgroundTriesParts) {
    this.#parts = parts;
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
  }

  /** While it is being tried already it gets all its tries anew. */
  begin(): void {
    this.#left = this.#parts.patience;
    if (this.#running) return;
    this.#running = true;
    void this.#untilDone().finally(() => {
      this.#running = false;
    });
  }

  async #untilDone(): Promise<void> {
    const { clock, againMs, attempt, tell } = this.#parts;
    const { signal } = this.#ended;
    for (; this.#left > 0 && !signal.aborted; this.#left--) {
      try {
        if (await attempt(signal)) return;
      } catch (failure) {
        if (this.#left === 1) tell(failure);
      }
      await clock.sleep(againMs, signal).catch(() => undefined); // ended: the loop sees it
    }
  }
}
