import { z } from 'zod';
import type { AuditEntry, AuditTrail } from '../actions/action-registry.js';
import { jsonSchemaOf } from '../actions/action-schema.js';
import { ApplianceError, type Clock, type FileStore, type Logger } from '../sdk/index.js';
import { Exclusive } from './exclusive.js';
import { redact } from './redact.js';

const began = z.object({
  id: z.string(),
  at: z.number(),
  caller: z.string(),
  surface: z.string(),
  action: z.string(),
  input: z.unknown(),
});
const ended = z.object({ id: z.string(), at: z.number(), outcome: z.enum(['done', 'failed']), message: z.string() });
const line = z.union([ended, began]);

/** One action that was asked for. `unfinished`: core ended before the action did, or it still runs. */
export interface AuditRecord {
  readonly id: string;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
  readonly caller: string;
  readonly surface: string;
  readonly action: string;
  readonly input: unknown;
  readonly outcome: 'done' | 'failed' | 'unfinished';
  readonly message: string;
}

export interface AuditLogParts {
  readonly files: FileStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** `/var/lib/gemel/audit` */
  readonly folder: string;
  /** Of one file; default 4 MiB, about 15,000 actions. */
  readonly fileBytes?: number;
  /** Older files that are kept; default 7, so 32 MiB in all. */
  readonly olderFiles?: number;
}

/**
 * Who did what, as JSON lines: one when an action begins, one when it ends.
 *
 * INVARIANT: an action that is recorded has its first line on disk before it starts; when that can't be written (the
 * medium is full) the action is refused. Losing the second line leaves a record that says `unfinished`.
 */
export class AuditLog implements AuditTrail {
  readonly #parts: AuditLogParts;
  readonly #exclusive = new Exclusive();
  readonly #ids = new WeakMap<AuditEntry, string>();
  readonly #schemas = new WeakMap<z.ZodType, unknown>();
  #bytes: number | undefined;
  #counter = 0;

  constructor(parts: AuditLogParts) {
    this.#parts = parts;
  }

  async begin(entry: AuditEntry): Promise<void> {
    const { clock } = this.#parts;
    const at = clock.now();
    const id = `${at.toString(36)}-${process.pid.toString(36)}-${(this.#counter++).toString(36)}`;
    const { caller, surface, action } = entry;
    const input = redact(entry.input, this.#schemaOf(entry.schema));
    try {
      await this.#append({ id, at, caller, surface, action, input });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `${action} was not started because it can't be recorded: ${reason} Free space on the data volume.`;
      throw new ApplianceError('storage', message, { cause });
    }
    this.#ids.set(entry, id);
  }

  /** Never throws: the action has happened, and its caller must learn how it went. */
  async end(entry: AuditEntry, outcome: 'done' | 'failed', message: string): Promise<void> {
    const id = this.#ids.get(entry);
    try {
      await this.#append({ id, at: this.#parts.clock.now(), outcome, message });
    } catch (failure) {
      const { action, caller } = entry;
      this.#parts.log.error(
        { err: failure, action, caller, outcome, message },
        'the end of an action was not recorded',
      );
    }
  }

  /** The newest records that `wanted` takes, newest first. Lines that are damaged are left out and counted. */
  async read(
    limit: number,
    wanted: (record: AuditRecord) => boolean = () => true,
  ): Promise<{ readonly records: readonly AuditRecord[]; readonly damaged: number }> {
    const found: AuditRecord[] = [];
    const ends = new Map<string, z.infer<typeof ended>>();
    let damaged = 0;
    for (const path of await this.#newestFirst()) {
      const lines = ((await this.#parts.files.read(path)) ?? '').split('\n');
      for (const text of lines.reverse()) {
        if (text === '') continue;
        const parsed = parseLine(text);
        if (parsed === undefined) damaged += 1;
        else if ('outcome' in parsed) ends.set(parsed.id, parsed);
        else {
          const { outcome = 'unfinished', message = '' } = ends.get(parsed.id) ?? {};
          const record: AuditRecord = { ...parsed, input: parsed.input, outcome, message };
          if (wanted(record)) found.push(record);
          if (found.length >= limit) return { records: found, damaged };
        }
      }
    }
    return { records: found, damaged };
  }

  get #current(): string {
    return `${this.#parts.folder}/audit.jsonl`;
  }

  async #append(record: object): Promise<void> {
    const text = JSON.stringify(record);
    const { files, fileBytes = 4 * 1024 * 1024 } = this.#parts;
    await this.#exclusive.run(async () => {
      this.#bytes ??= Buffer.byteLength((await files.read(this.#current)) ?? '');
      if (this.#bytes >= fileBytes) await this.#rotate();
      await files.append(this.#current, text, { mode: 0o600 });
      this.#bytes += Buffer.byteLength(text) + 1;
    });
  }

  async #rotate(): Promise<void> {
    const { files, folder, olderFiles = 7 } = this.#parts;
    const older = await this.#older();
    const newest = Number(/audit-(\d+)/.exec(older.at(-1) ?? '')?.[1] ?? 0);
    await files.rename(this.#current, `${folder}/audit-${String(newest + 1).padStart(8, '0')}.jsonl`);
    this.#bytes = 0;
    for (const name of older.slice(0, Math.max(0, older.length + 1 - olderFiles)))
      await files.remove(`${folder}/${name}`);
  }

  /** Names, oldest first. */
  async #older(): Promise<readonly string[]> {
    const names = await this.#parts.files.list(this.#parts.folder);
    return names.filter((name) => /^audit-\d{8}\.jsonl$/.test(name));
  }

  async #newestFirst(): Promise<readonly string[]> {
    const older = await this.#older();
    return [this.#current, ...older.toReversed().map((name) => `${this.#parts.folder}/${name}`)];
  }

  #schemaOf(schema: z.ZodType): unknown {
    const known = this.#schemas.get(schema) ?? jsonSchemaOf(schema, 'input');
    this.#schemas.set(schema, known);
    return known;
  }
}

function parseLine(text: string): z.infer<typeof line> | undefined {
  try {
    return line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // a line that a power loss cut off
  }
}
