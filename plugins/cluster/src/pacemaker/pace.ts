/** One look that hung must not keep the next one, and with it the news of a takeover, away for minutes. */
const mostMs = 5_000;

/**
 * How long to wait before the next look at the cluster: on a slow or busy machine, who looks all the time takes the processor from the
 * engines that are waited for. Pure.
 * @param tookMs the look that was just done.
 */
export function pauseAfterLook(leastMs: number, tookMs: number): number {
  return Math.max(leastMs, Math.min(4 * tookMs, mostMs));
}
