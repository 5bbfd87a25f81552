/** One destination as rsyslogd counts it; since its last start. */
export interface QueueFigures {
  /** Seconds since 1970 of the newest count. */
  readonly at: number;
  /** Entries that wait, in memory and on disk. */
  readonly waiting: number;
  readonly sent: number;
  /** For want of room. */
  readonly dropped: number;
  /** False when entries waited at the two newest counts and none was sent in between; undefined with entries that wait at the only count. */
  readonly moving: boolean | undefined;
}

interface Counted {
  readonly at: number;
  readonly waiting: number;
  /** Out of the queue and not dropped. */
  readonly gone: number;
  readonly dropped: number;
}

interface Count {
  readonly at: number;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * What module impstats of rsyslog 8.2504 writes: a line for each object, its time before its JSON. Of origin
 * `core.queue`, `to-NAME queue` is the part of a queue that is in memory and `to-NAME queue[DA]` the part on disk; what moves from memory to
 * disk is counted by both. What is just being sent is still in the queue. (An action's own `processed` counts attempts.)
 */
export function parseStatistics(text: string): ReadonlyMap<string, readonly Count[]> {
  const counts = new Map<string, Count[]>();
  for (const line of text.split('\n')) {
    const [, seconds, json] = /^(\d+)\s+(\{.*\})\s*$/.exec(line) ?? [];
    if (seconds === undefined || json === undefined) continue;
    const values = parseObject(json);
    if (values === undefined) continue;
    const key = `${text_(values['origin'])} ${text_(values['name'])}`;
    const known = counts.get(key);
    const count = { at: Number(seconds), values };
    if (known === undefined) counts.set(key, [count]);
    else known.push(count);
  }
  return counts;
}

/** Undefined while rsyslogd has not counted this destination yet. */
export function figuresOf(counts: ReadonlyMap<string, readonly Count[]>, engineName: string): QueueFigures | undefined {
  const newest = countedAt(counts, engineName, -1);
  if (newest === undefined) return undefined;
  const before = countedAt(counts, engineName, -2);
  const moving = newest.waiting === 0 || (before && (before.waiting === 0 || newest.gone > before.gone));
  const { at, waiting, gone, dropped } = newest;
  return { at, waiting, sent: Math.max(0, gone), dropped, moving };
}

function countedAt(
  counts: ReadonlyMap<string, readonly Count[]>,
  engineName: string,
  index: number,
): Counted | undefined {
  const memory = counts.get(`core.queue ${engineName} queue`)?.at(index);
  if (memory === undefined) return undefined;
  const disk = counts.get(`core.queue ${engineName} queue[DA]`)?.at(index)?.values ?? {};
  const waiting = number(memory.values['size']) + number(disk['size']);
  const dropped = [memory.values, disk].reduce(
    (sum, values) => sum + number(values['discarded.full']) + number(values['discarded.nf']),
    0,
  );
  // What an earlier rsyslogd left on disk is no part of `enqueued`, so this begins below zero then.
  const gone = number(memory.values['enqueued']) - waiting - dropped;
  return { at: memory.at, waiting, gone, dropped };
}

function parseObject(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined; // a line that is just being written; the next look sees it whole
  }
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function text_(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
