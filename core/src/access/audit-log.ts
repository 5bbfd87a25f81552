import { z } from 'zod';
import type { AuditEntry, AuditTrail } from '../actions/action-registry.js';
import { jsonSchemaOf } from '../actions/action-schema.js';
import { ApplianceError, type Clock, type FileStore, type Logger } from '../sdk/index.js';
import { AuditReserve } from './audit-reserve.js';
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
type Line = z.infer<typeof line>;

/** Characters of a line; that is room for 250 of them at least. */
const longestInReserve = 4_096;

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
  /** Kept for a medium that is full; default 1 MiB, some 1,500 actions. */
  readonly reserveBytes?: number;
}

/**
 * Who did what, as JSON lines: one when an action begins, one when it ends.
 *
 * INVARIANT: an action that is recorded has its first line on disk before it starts. On a medium that is full it goes to the
 * reserve, so that what frees space and what takes a change back can be recorded too, and from there to the log once there is room
 * again. Only when neither can be written the action is refused. Losing the second line leaves a record that says `unfinished`.
 */
export class AuditLog implements AuditTrail {
  readonly #parts: AuditLogParts;
  readonly #exclusive = new Exclusive();
  readonly #reserve: AuditReserve;
  readonly #ids = new WeakMap<AuditEntry, string>();
  readonly #schemas = new WeakMap<z.ZodType, unknown>();
  #bytes: number | undefined;
  #counter = 0;

  constructor(parts: AuditLogParts) {
    this.#parts = parts;
    this.#reserve = new AuditReserve(parts.files, `${parts.folder}/reserve`, parts.reserveBytes);
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
      const message = `${action} was not started because it can't be recorded, not even in the reserve of the audit log: ${reason} Free space on the data volume.`;
      throw new ApplianceError('storage', message, { cause });
    }
    this.#ids.set(entry, id);
  }

  /** Never throws: the action has happened, and its caller must learn how it went. */
  async end(entry: AuditEntry, outcome: 'done' | 'failed', message: string): Promise<void> {
    const id = this.#ids.get(entry);
    if (id === undefined) return; // it has no beginning
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
    const seen = new Set<string>();
    let damaged = 0;
    for (const path of await this.#newestFirst()) {
      const lines = ((await this.#parts.files.read(path)) ?? '').trimEnd().split('\n');
      for (const text of lines.reverse()) {
        if (text === '') continue;
        const parsed = parseLine(text);
        if (parsed === undefined) damaged += 1;
        else if ('outcome' in parsed) ends.set(parsed.id, parsed);
        else if (!seen.has(parsed.id)) {
          seen.add(parsed.id); // a crash while the reserve went to the log leaves its lines in both
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

  async #append(record: Line): Promise<void> {
    await this.#exclusive.run(async () => {
      try {
        await this.#takeUpReserve();
        await this.#appendLine(JSON.stringify(record));
        await this.#reserve.make().catch(() => undefined); // room for this line, none for the reserve: made another time
      } catch (failure) {
        await this.#reserve.keep(JSON.stringify(shortened(record))).catch(() => {
          throw failure; // why the log itself can't be written is what there is to mend
        });
        this.#parts.log.warn({ err: failure }, 'the audit log can not be written: its reserve is used');
      }
    });
  }

  /** The reserve's lines go to the log, all or none of them, and it is empty again. */
  async #takeUpReserve(): Promise<void> {
    const lines = await this.#reserve.lines();
    if (lines.length === 0) return;
    await this.#appendLine(lines.join('\n'));
    await this.#reserve.clear();
    this.#parts.log.info({ lines: lines.length }, 'the audit log has what its reserve kept');
  }

  async #appendLine(text: string): Promise<void> {
    const { files, fileBytes = 4 * 1024 * 1024 } = this.#parts;
    this.#bytes ??= Buffer.byteLength((await files.read(this.#current)) ?? '');
    if (this.#bytes >= fileBytes) await this.#rotate();
    await files.append(this.#current, text, { mode: 0o600 });
    this.#bytes += Buffer.byteLength(text) + 1;
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
    return [this.#reserve.path, this.#current, ...older.toReversed().map((name) => `${this.#parts.folder}/${name}`)];
  }

  #schemaOf(schema: z.ZodType): unknown {
    const known = this.#schemas.get(schema) ?? jsonSchemaOf(schema, 'input');
    this.#schemas.set(schema, known);
    return known;
  }
}

/** As it is kept in the reserve, where one large input must not take the room of all others. */
function shortened(record: Line): Line {
  if (JSON.stringify(record).length <= longestInReserve) return record;
  if ('outcome' in record) return { ...record, message: `${record.message.slice(0, longestInReserve / 2)}…` };
  return { ...record, input: '(left out: the data volume is full)' };
}

function parseLine(text: string): Line | undefined {
  try {
    return line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // a line that a power loss cut off
  }
}
