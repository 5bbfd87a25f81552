import { type Clock, DisposableStore, type EventsAccess, type Logger } from '@gemel/core/sdk';
import { dnsEvents } from './dns-events.js';
import type { DnsServerStatus } from './dns-status.js';

/** Each check costs a process per server and a question to somebody else's server. */
const checkEveryMs = 5 * 60_000;
/** While one fails, its return should be seen soon. */
const recheckEveryMs = 30_000;

export interface DnsWatchParts {
  readonly clock: Clock;
  readonly events: EventsAccess;
  readonly log: Logger;
  readonly check: (signal: AbortSignal) => Promise<readonly DnsServerStatus[]>;
  /** Called after each check. */
  readonly onChecked: () => void;
}

/** Checks the entered servers now and then and on demand, keeps the results and tells what changed. */
export class DnsWatch implements AsyncDisposable {
  readonly #own = new DisposableStore();
  readonly #ended = new AbortController();
  readonly #parts: DnsWatchParts;
  #results: readonly DnsServerStatus[] = [];
  #checkedAt = Number.NEGATIVE_INFINITY;
  #checking: Promise<void> | undefined;

  constructor(parts: DnsWatchParts) {
    this.#parts = parts;
    this.#own.add(parts.clock.every(recheckEveryMs, () => this.#checkIfDue()));
  }

  /** The latest result for a server, if it was checked. */
  resultFor(server: DnsServerStatus): DnsServerStatus | undefined {
    return this.#results.find((result) => isSame(result, server));
  }

  /** Never rejects. Somebody who asks while a check runs gets a check that began after he asked. */
  async check(): Promise<void> {
    await this.#checking;
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    await this.#checking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#own[Symbol.asyncDispose]();
    await this.#checking;
  }

  #checkIfDue(): void {
    const failing = this.#results.some(({ state }) => state === 'silent' || state === 'refuses');
    const age = this.#parts.clock.monotonic() - this.#checkedAt;
    if (this.#checking === undefined && (failing || age >= checkEveryMs)) void this.check();
  }

  async #check(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    try {
      const results = await this.#parts.check(this.#ended.signal);
      const before = this.#results;
      this.#results = results;
      this.#checkedAt = this.#parts.clock.monotonic();
      for (const result of results)
        this.#tell(
          before.find((other) => isSame(other, result)),
          result,
        );
      this.#parts.onChecked();
    } catch (err) {
      if (!this.#ended.signal.aborted) this.#parts.log.warn({ err }, 'DNS servers could not be checked');
    }
  }

  #tell(before: DnsServerStatus | undefined, { address, state, reason, latencyMs }: DnsServerStatus): void {
    const failed = state === 'silent' || state === 'refuses';
    const hadFailed = before?.state === 'silent' || before?.state === 'refuses';
    if (failed && !hadFailed) this.#parts.events.publish(dnsEvents.serverFailed, { server: address, reason });
    if (state === 'answers' && hadFailed)
      this.#parts.events.publish(dnsEvents.serverRecovered, { server: address, latencyMs: latencyMs ?? 0 });
  }
}

function isSame(a: DnsServerStatus, b: DnsServerStatus): boolean {
  return a.address === b.address && a.port === b.port && a.tls === b.tls;
}
