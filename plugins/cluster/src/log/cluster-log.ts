import type { Clock, FileStore, Logger } from '@gemel/core/sdk';
import { type LogEntry, type NewLogEntry, parseEntries } from './log-entry.js';

/** Entries in the current file; with the older one twice as many are kept, about 2 MB. A busy pair writes some hundred a month. */
const entriesPerFile = 4_000;

export interface ClusterLogParts {
  readonly files: FileStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** The plugin's own, which survives restarts. */
  readonly folder: string;
  /** Name of this node. */
  readonly node: () => string;
}

/** This node's part of the Cluster Log: lines that are only ever appended, bounded. */
export class ClusterLog {
  #lines: number | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(readonly parts: ClusterLogParts) {}

  /** On disk when it resolves. A medium that fails is said in core's log and stops nothing. */
  async add(entry: NewLogEntry): Promise<void> {
    const { clock, node, log } = this.parts;
    const whole: LogEntry = { at: clock.now(), node: node(), ...entry, details: [...(entry.details ?? [])] };
    this.#writing = this.#writing
      .then(() => this.#append(whole))
      .catch((failure: unknown) =>
        log.error({ failure: String(failure), entry: whole }, 'the Cluster Log is not written'),
      );
    await this.#writing;
  }

  /** The newest entries, oldest first. */
  async newest(limit: number): Promise<readonly LogEntry[]> {
    await this.#writing;
    const current = parseEntries((await this.parts.files.read(this.#current)) ?? '');
    if (current.length >= limit) return current.slice(-limit);
    const older = parseEntries((await this.parts.files.read(this.#older)) ?? '');
    return [...older, ...current].slice(-limit);
  }

  async #append(entry: LogEntry): Promise<void> {
    const { files } = this.parts;
    this.#lines ??= ((await files.read(this.#current)) ?? '').split('\n').length;
    if (this.#lines > entriesPerFile) {
      await files.rename(this.#current, this.#older);
      this.#lines = 0;
    }
    await files.append(this.#current, JSON.stringify(entry), { mode: 0o600 });
    this.#lines += 1;
  }

  get #current(): string {
    return `${this.parts.folder}/cluster-log.jsonl`;
  }

  get #older(): string {
    return `${this.parts.folder}/cluster-log.older.jsonl`;
  }
}
