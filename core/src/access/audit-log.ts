import { z } from 'zod';
import type { AuditEntry, AuditTrail } from '../actions/action-registry.js';
import { jsonSchemaOf } from '../actions/action-schema.js';
import { ApplianceError, type Clock, type FileStore, type Logger } from '../sdk/index.js';
import { AuditReserve } from './audit-reserve.js';
import { Exclusive } from './exclusive.js';
import { Lockout } from './lockout.js';
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
const refused = began.extend({ outcome: z.literal('refused'), message: z.string() });
const line = z.union([refused, ended, began]);
type Line = z.infer<typeof line>;

/**
 * Refusals of one caller that are recorded: these many at once, then one after waits that double from a second to ten minutes. That
 * is 150 a day at most from somebody who goes on and on, of whom the first and how many followed tell all there is to know.
 */
const refusalRules = { free: 10, longestMs: 10 * 60_000 } as const;

/** Characters of a line in the reserve, which has room for 250 of them at least, and of a refusal. */
const longestShortened = 4_096;

/**
 * One action that was asked for. `unfinished`: core ended before the action did, or it (or its job) still runs. `refused`: by somebody without
 * the role.
 */
export interface AuditRecord {
  readonly id: string;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
  readonly caller: string;
  readonly surface: string;
  readonly action: string;
  readonly input: unknown;
  readonly outcome: 'done' | 'failed' | 'unfinished' | 'refused';
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
  readonly #refusals: Lockout;
  /** By caller: refusals since the last one that was recorded. */
  readonly #leftOut = new Map<string, number>();
  readonly #schemas = new WeakMap<z.ZodType, unknown>();
  #bytes: number | undefined;
  #counter = 0;

  constructor(parts: AuditLogParts) {
    this.#parts = parts;
    this.#refusals = new Lockout(parts.clock, refusalRules);
    this.#reserve = new AuditReserve(parts.files, `${parts.folder}/reserve`, parts.reserveBytes);
  }

  async begin(entry: AuditEntry): Promise<string> {
    const { action } = entry;
    const first = this.#beginningOf(entry);
    try {
      await this.#append(first);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `${action} was not started because it can't be recorded, not even in the reserve of the audit log: ${reason} Free space on the data volume.`;
      throw new ApplianceError('storage', message, { cause });
    }
    return first.id;
  }

  /** Never throws: the action has happened, and its caller must learn how it went. */
  async end(record: string, outcome: 'done' | 'failed', message: string): Promise<void> {
    try {
      await this.#append({ id: record, at: this.#parts.clock.now(), outcome, message });
    } catch (failure) {
      this.#parts.log.error({ err: failure, record, outcome, message }, 'the end of an action was not recorded');
    }
  }

  async refused(entry: AuditEntry, message: string): Promise<void> {
    const { caller, action } = entry;
    if (this.#refusals.waitMs(caller) > 0) {
      this.#leftOut.set(caller, (this.#leftOut.get(caller) ?? 0) + 1);
      return;
    }
    this.#refusals.attempt(caller);
    const leftOut = this.#leftOut.get(caller) ?? 0;
    this.#leftOut.delete(caller);
    const more = leftOut === 0 ? '' : ` ${leftOut} more refusals before this one were not recorded.`;
    const record = shortened({ ...this.#beginningOf(entry), outcome: 'refused', message: message + more });
    try {
      // Not into the reserve, which is for what changes something.
      await this.#exclusive.run(() => this.#appendLine(JSON.stringify(record)));
    } catch (failure) {
      this.#parts.log.error({ err: failure, action, caller, message }, 'a refusal was not recorded');
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
        else if (!('action' in parsed)) ends.set(parsed.id, parsed);
        else if (!seen.has(parsed.id)) {
          seen.add(parsed.id); // a crash while the reserve went to the log leaves its lines in both
          const end = 'outcome' in parsed ? parsed : ends.get(parsed.id);
          const { outcome = 'unfinished', message = '' } = end ?? {};
          const record: AuditRecord = { ...parsed, input: parsed.input, outcome, message };
          if (wanted(record)) found.push(record);
          if (found.length >= limit) return { records: found, damaged };
        }
      }
    }
    return { records: found, damaged };
  }

  #beginningOf({ caller, surface, action, input, schema }: AuditEntry): z.infer<typeof began> {
    const at = this.#parts.clock.now();
    const id = `${at.toString(36)}-${process.pid.toString(36)}-${(this.#counter++).toString(36)}`;
    return { id, at, caller, surface, action, input: redact(input, this.#schemaOf(schema)) };
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

/** As it is kept where one large input must not take the room of all others. */
function shortened(record: Line): Line {
  if (JSON.stringify(record).length <= longestShortened) return record;
  if ('action' in record) return { ...record, input: '(too long)' };
  return { ...record, message: `${record.message.slice(0, longestShortened / 2)}…` };
}

function parseLine(text: string): Line | undefined {
  try {
    return line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // a line that a power loss cut off
  }
}
