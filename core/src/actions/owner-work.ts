import { type ActionCall, type AnyAction, ApplianceError, type Clock, type JobCall } from '../sdk/index.js';
import type { StreamPiece } from '../sdk/actions.js';
import { waitAtMost } from './wait-at-most.js';

/** Work that does not heed its signal is not waited for any longer when its owner ends. */
const endLimitMs = 5_000;

/** Why work did not come to its end: what it stands on went away before. */
export class OwnerEndedError extends ApplianceError {
  constructor(owner: string) {
    super('cancelled', `Plugin ${owner} was ended meanwhile. Try again when it is active: gemel plugin list.`);
  }
}

interface Running {
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/** What runs of one owner's actions, so that it ends with its owner: calls, jobs and streams. */
export class OwnerWork {
  readonly #running = new Set<Running>();
  readonly #owner: string;
  #over: OwnerEndedError | undefined;

  constructor(owner: string) {
    this.#owner = owner;
  }

  /** The same action, whose runs end with the owner. */
  joined(action: AnyAction): AnyAction {
    switch (action.kind) {
      case 'call': {
        const run = (input: unknown, call: ActionCall) => this.#run(call, (own) => action.run(input, own));
        return { ...action, run };
      }
      case 'job': {
        const run = (input: unknown, call: JobCall) => this.#run(call, (own) => action.run(input, own));
        if (action.resume === undefined) return { ...action, run };
        const resume = action.resume.bind(action);
        return {
          ...action,
          run,
          resume: (input: unknown, call: JobCall, saved: unknown) =>
            this.#run(call, (own) => resume(input, own, saved)),
        };
      }
      case 'stream': {
        const run = (input: unknown, call: ActionCall) => this.#pieces(call, (own) => action.run(input, own));
        return { ...action, run };
      }
    }
  }

  /** Aborts what runs and waits for it; whatever begins later is refused. */
  async end(clock: Clock): Promise<void> {
    this.#over = new OwnerEndedError(this.#owner);
    const all = [...this.#running];
    for (const { abort } of all) abort.abort(this.#over);
    await waitAtMost(
      clock,
      endLimitMs,
      all.map(({ ended }) => ended),
    );
  }

  async #run<Call extends ActionCall, Result>(call: Call, work: (own: Call) => Promise<Result>): Promise<Result> {
    using turn = this.#begin(call.signal);
    try {
      return await work({ ...call, signal: turn.signal });
    } catch (thrown) {
      throw this.#over ?? thrown;
    }
  }

  async *#pieces(call: ActionCall, give: (own: ActionCall) => AsyncIterable<StreamPiece>): AsyncIterable<StreamPiece> {
    using turn = this.#begin(call.signal);
    try {
      yield* give({ ...call, signal: turn.signal });
    } catch (thrown) {
      throw this.#over ?? thrown;
    }
    // one that heeds its signal by ending has given a part only
    if (this.#over !== undefined) throw this.#over;
  }

  /** @throws ApplianceError `cancelled` when the owner has ended. */
  #begin(outer: AbortSignal): { readonly signal: AbortSignal } & Disposable {
    if (this.#over !== undefined) throw this.#over;
    const abort = new AbortController();
    const follow = () => abort.abort(outer.reason);
    if (outer.aborted) follow();
    outer.addEventListener('abort', follow, { once: true });
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const running = { abort, ended };
    this.#running.add(running);
    return {
      signal: abort.signal,
      [Symbol.dispose]: () => {
        outer.removeEventListener('abort', follow);
        this.#running.delete(running);
        resolve();
      },
    };
  }
}
