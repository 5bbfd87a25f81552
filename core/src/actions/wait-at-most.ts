import type { Clock } from '../sdk/index.js';

/** Waits for work that may never end. Whether it failed is for whoever began it. */
export async function waitAtMost(clock: Clock, limitMs: number, work: readonly Promise<unknown>[]): Promise<void> {
  if (work.length === 0) return;
  const limit = new AbortController();
  const late = clock.sleep(limitMs, limit.signal).catch(() => undefined); // cancelled: all have ended
  await Promise.race([Promise.allSettled(work), late]);
  limit.abort();
}
