export interface Outage {
  /** Without any answer in between, milliseconds; 0 when none was missed. */
  readonly outageMs: number;
  /** Answers in all. */
  readonly answers: number;
}

/** Times of the answers in what `ping -D` prints: `[1795307461.123456] 64 bytes from 10.77.0.100: icmp_seq=1 …`; milliseconds. */
export function answerTimes(text: string): readonly number[] {
  return [...text.matchAll(/^\[(\d+\.\d+)\] \d+ bytes from /gm)].map((match) => Number(match[1]) * 1_000);
}

/**
 * The longest time without an answer. What is longer than the interval between two questions was an outage; a little
 * more than that is the noise of a busy machine.
 */
export function longestOutage(times: readonly number[], intervalMs: number): Outage {
  const sorted = times.toSorted((one, other) => one - other);
  const gaps = sorted.slice(1).map((time, index) => time - (sorted[index] ?? time));
  const longest = Math.max(0, ...gaps);
  return { outageMs: longest <= 3 * intervalMs ? 0 : Math.round(longest - intervalMs), answers: times.length };
}
