import { ApplianceError, type Clock } from '../sdk/index.js';

/** Steps of a section, milliseconds: apply and probe as `Section` promises; facts are D-Bus calls of 15 s at most. */
export const limits = { factsMs: 30_000, applyMs: 60_000, probeMs: 30_000 } as const;

/**
 * Runs something that may hang or ignore its signal: at the limit, or when `outer` is aborted, the caller goes on and what
 * was started is left behind with an aborted signal.
 * @param what For the message, `Section network`.
 * @throws ApplianceError `timeout` or `cancelled`, and whatever `run` throws.
 */
export async function limited<Result>(
  clock: Clock,
  ms: number,
  what: string,
  run: (signal: AbortSignal) => Promise<Result>,
  outer?: AbortSignal,
): Promise<Result> {
  const inner = new AbortController();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  stopped.catch(() => undefined); // nobody may be waiting any more when it is stopped
  const stop = (failure: ApplianceError) => {
    reject(failure);
    inner.abort(failure);
  };
  const cancel = () => stop(new ApplianceError('cancelled', `${what} was stopped.`));
  using _limit = clock.after(ms, () =>
    stop(new ApplianceError('timeout', `${what} did not end within ${Math.round(ms / 1_000)} s.`)),
  );
  outer?.addEventListener('abort', cancel, { once: true });
  if (outer?.aborted === true) cancel();
  try {
    return await Promise.race([stopped, run(inner.signal)]);
  } finally {
    outer?.removeEventListener('abort', cancel);
  }
}

/** Runs `work` over all items, a few at a time; after a failure no further item is begun, and what runs is waited for. */
export async function eachOf<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
  width = 16,
): Promise<void> {
  const left = items.values();
  let failed = false;
  const worker = async () => {
    for (const item of left) {
      if (failed) return;
      try {
        await work(item);
      } catch (thrown) {
        failed = true;
        throw thrown;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: Math.min(width, items.length) }, worker));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
