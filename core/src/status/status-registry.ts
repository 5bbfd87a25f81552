import { isDeepStrictEqual } from 'node:util';
import type { EventBus } from '../bus/event-bus.js';
import { statusChanged } from '../kernel/core-events.js';
import {
  ApplianceError,
  type Clock,
  type Logger,
  type StatusDefinition,
  type StatusPublisher,
  toDisposable,
} from '../sdk/index.js';

/** A reader that takes longer is left running and the retained value is served; see StatusAccess. */
const readLimitMs = 2_000;
const defaultMaxAgeMs = 1_000;
/** A reader on a slow or busy machine that is late by less is only late, and what it gave last is as good as new. */
const slackMs = 10_000;

interface Entry {
  readonly owner: string;
  readonly definition: StatusDefinition<unknown>;
  readonly read: ((signal: AbortSignal) => Promise<unknown>) | undefined;
  readonly maxAgeMs: number;
  value: unknown;
  /** Monotonic; undefined while there is no value yet. */
  setAt: number | undefined;
  reading: Promise<void> | undefined;
}

/** Retained observed state, one value per definition, read afresh when somebody looks and it is old. */
export class StatusRegistry {
  readonly #entries = new Map<string, Entry>();

  constructor(
    readonly bus: EventBus,
    readonly clock: Clock,
    readonly log: Logger,
  ) {}

  add<Value>(
    owner: string,
    definition: StatusDefinition<Value>,
    read?: (signal: AbortSignal) => Promise<Value>,
    options: { readonly maxAgeMs?: number } = {},
  ): StatusPublisher<Value> {
    if (this.#entries.has(definition.id)) {
      throw new ApplianceError('conflict', `Status ${definition.id} is already provided.`);
    }
    const entry: Entry = {
      owner,
      definition: definition as StatusDefinition<unknown>, // values only ever come from this definition's own publisher
      read,
      maxAgeMs: options.maxAgeMs ?? defaultMaxAgeMs,
      value: undefined,
      setAt: undefined,
      reading: undefined,
    };
    this.#entries.set(definition.id, entry);
    const removal = toDisposable(() => this.#entries.delete(definition.id));
    return { set: (value) => this.#set(entry, value), [Symbol.dispose]: () => removal[Symbol.dispose]() };
  }

  definitions(): readonly StatusDefinition<unknown>[] {
    return [...this.#entries.values()].map((entry) => entry.definition);
  }

  async get(id: string): Promise<unknown> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    await this.#refresh(entry);
    return entry.value;
  }

  /**
   * How old the retained value is, milliseconds, where its reader failed or hangs: what was true then must not pass for what is true
   * now. Undefined for a fresh one, and for one that is told and not read. Ask right after `get`.
   */
  staleMs(id: string): number | undefined {
    const entry = this.#entries.get(id);
    if (entry?.read === undefined || entry.setAt === undefined) return undefined;
    const ageMs = this.clock.monotonic() - entry.setAt;
    return ageMs < entry.maxAgeMs + slackMs ? undefined : ageMs;
  }

  #set(entry: Entry, value: unknown): void {
    if (this.#entries.get(entry.definition.id) !== entry) return;
    const changed = entry.setAt === undefined || !isDeepStrictEqual(entry.value, value);
    entry.value = value;
    entry.setAt = this.clock.monotonic();
    if (changed) this.bus.publish(entry.owner, statusChanged, { status: entry.definition.id, value });
  }

  async #refresh(entry: Entry): Promise<void> {
    if (entry.read === undefined) return;
    if (entry.setAt !== undefined && this.clock.monotonic() - entry.setAt < entry.maxAgeMs) return;
    const read = entry.read;
    entry.reading ??= (async () => {
      try {
        this.#set(entry, await read(AbortSignal.timeout(readLimitMs * 5)));
      } catch (failure) {
        this.log.warn({ status: entry.definition.id, err: failure }, 'status could not be read');
      } finally {
        entry.reading = undefined;
      }
    })();
    const limit = new AbortController();
    await Promise.race([
      entry.reading,
      this.clock.sleep(readLimitMs, limit.signal).catch(() => undefined), // cancelled: the read was quicker
    ]);
    limit.abort();
  }
}
