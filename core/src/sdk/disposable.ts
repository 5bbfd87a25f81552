/** Something that was started and must be ended. Both kinds can be owned by a DisposableStore. */
export type AnyDisposable = Disposable | AsyncDisposable;

export function toDisposable(end: () => void): Disposable {
  let ended = false;
  return {
    [Symbol.dispose]() {
      if (ended) return;
      ended = true;
      end();
    },
  };
}

/**
 * Ends what it owns in reverse order of adding, each exactly once, also when one of them throws.
 * tsyringe's own `dispose()` runs in construction order and skips factories, so it is not used.
 */
export class DisposableStore implements AsyncDisposable {
  readonly #owned: AnyDisposable[] = [];
  #ended = false;

  get size(): number {
    return this.#owned.length;
  }

  /** Takes ownership and gives the thing back. Adding to an ended store ends the thing at once. */
  add<Thing extends AnyDisposable>(thing: Thing): Thing {
    if (this.#ended) {
      if (Symbol.dispose in thing) thing[Symbol.dispose]();
      else void thing[Symbol.asyncDispose]();
      throw new Error('the owner has already ended');
    }
    this.#owned.push(thing);
    return thing;
  }

  /** Ends one owned thing now. */
  async release(thing: AnyDisposable): Promise<void> {
    const index = this.#owned.indexOf(thing);
    if (index === -1) return;
    this.#owned.splice(index, 1);
    await end(thing);
  }

  /** @throws AggregateError with everything that went wrong, after all were ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    const failures: unknown[] = [];
    for (let thing = this.#owned.pop(); thing !== undefined; thing = this.#owned.pop()) {
      try {
        await end(thing);
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some parts did not end cleanly');
  }
}

async function end(thing: AnyDisposable): Promise<void> {
  if (Symbol.asyncDispose in thing) await thing[Symbol.asyncDispose]();
  else thing[Symbol.dispose]();
}
