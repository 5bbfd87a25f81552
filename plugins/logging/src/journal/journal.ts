import { ApplianceError, type CommandRunner } from '@gemel/core/sdk';
import { entryOutput } from './entry-streams.js';
import { type JournalEntry, parseEntry } from './journal-entry.js';
import { filterArguments, type Query } from './query.js';

/** A search through a journal of the largest size takes seconds; a filter that fits nothing reads all of it. */
const searchMs = 25_000;
/** Of a reply to a client; entries can be long. */
const mostBytes = 12 * 1024 * 1024;

export interface JournalPage {
  /** Oldest first. */
  readonly entries: readonly JournalEntry[];
  /** Place of the newest of them; null when there is none. */
  readonly cursor: string | null;
}

/** This node's journal, by journalctl. */
export class Journal {
  constructor(readonly commands: CommandRunner) {}

  /**
   * The newest entries that fit.
   * @throws ApplianceError `unavailable` without journalctl, `invalid` for a pattern that is none, `timeout`.
   */
  async newest(query: Query, limit: number, signal?: AbortSignal): Promise<JournalPage> {
    const lines = await this.#ask(['--reverse', `--lines=${limit}`, ...filterArguments(query)], signal);
    return { entries: entriesIn(lines).toReversed(), cursor: cursorOf(lines.find(isEntry)) };
  }

  /** The oldest entries that fit and come after a place, or the oldest of all. @throws as `newest`. */
  async oldest(query: Query, limit: number, after: string | null, signal?: AbortSignal): Promise<JournalPage> {
    const place = after === null ? [] : [`--after-cursor=${after}`];
    const lines = await this.#ask([`--lines=+${limit}`, ...place, ...filterArguments(query)], signal);
    return { entries: entriesIn(lines), cursor: cursorOf(lines.findLast(isEntry)) };
  }

  async #ask(argv: readonly string[], signal: AbortSignal | undefined): Promise<readonly string[]> {
    const { exitCode, stdout, stderr } = await this.commands.run(['journalctl', '--quiet', ...entryOutput, ...argv], {
      timeoutMs: searchMs,
      maxOutputBytes: mostBytes,
      ...(signal === undefined ? {} : { signal }),
    });
    // journalctl ends with 1 when a pattern was found nowhere, as grep does
    if (exitCode !== 0 && stderr.trim() !== '') {
      throw new ApplianceError('invalid', `journalctl: ${stderr.trim().split('\n').at(-1)}. Correct the filter.`);
    }
    return stdout.split('\n');
  }
}

function isEntry(line: string): boolean {
  return line.startsWith('{');
}

function entriesIn(lines: readonly string[]): readonly JournalEntry[] {
  return lines.flatMap((line) => parseEntry(line) ?? []);
}

function cursorOf(line: string | undefined): string | null {
  const fields: Readonly<Record<string, unknown>> = line === undefined ? {} : { ...Object(JSON.parse(line)) };
  const cursor = fields['__CURSOR'];
  return typeof cursor === 'string' ? cursor : null;
}
