/** One measured figure beside its peer from the same run. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** Ours, the median. */
  readonly figure: number;
  /** What it is measured against; absent for a plain bound such as memory. */
  readonly peer?: { readonly name: string; readonly figure: number };
  /** The bound on figure / peer, or on the figure itself where there is no peer. */
  readonly limit: { readonly kind: 'at most' | 'at least'; readonly value: number };
}

export interface Judged extends Figure {
  /** figure / peer.figure, or null without a peer. */
  readonly ratio: number | null;
  readonly holds: boolean;
}

export function judge(figure: Figure): Judged {
  const ratio = figure.peer === undefined ? null : figure.figure / figure.peer.figure;
  const measured = ratio ?? figure.figure;
  const holds = figure.limit.kind === 'at most' ? measured <= figure.limit.value : measured >= figure.limit.value;
  return { ...figure, ratio, holds };
}

/** A figure and its peer's, measured one right after the other, so that other work on the machine hits both alike. */
export interface Pair {
  readonly figure: number;
  readonly peer: number;
}

/** The pair whose ratio is in the middle. @throws when nothing was measured. */
export function middlePair(pairs: readonly Pair[]): Pair {
  const sorted = pairs.toSorted((a, b) => a.figure / a.peer - b.figure / b.peer);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('no round was measured');
  return middle;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
