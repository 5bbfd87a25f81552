import type { Clock } from '@gemel/core/sdk';

export interface ThrottleLimits {
  /** What may come at once. */
  readonly burst: number;
  /** How long it takes until one more may come, milliseconds. */
  readonly everyMs: number;
}

/** Sources that are remembered; beyond it the one that was seen longest ago is forgotten. */
const mostSources = 1_024;

interface Bucket {
  left: number;
  at: number;
}

/** So many per source address, then one each while. Knows nothing of what is counted. */
export class Throttle {
  /** In the order in which they were seen last. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(
    readonly clock: Clock,
    readonly limits: ThrottleLimits,
  ) {}

  /** @returns 0 when it may come, otherwise how long to wait, milliseconds. */
  take(address: string): number {
    const { burst, everyMs } = this.limits;
    const key = sourceOf(address);
    const now = this.clock.monotonic();
    const before = this.#buckets.get(key) ?? { left: burst, at: now };
    const left = Math.min(burst, before.left + (now - before.at) / everyMs);
    const allowed = left >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { left: allowed ? left - 1 : left, at: now });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > mostSources && oldest !== undefined) this.#buckets.delete(oldest);
    return allowed ? 0 : Math.ceil((1 - left) * everyMs);
  }
}

/** One host counts once: an IPv4 address, or the /64 of an IPv6 address, in which a host may take any number. */
export function sourceOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

/** An IPv4 address that arrived over an IPv6 socket, as people write it. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
}
