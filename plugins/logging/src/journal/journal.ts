import { ApplianceError, type CommandRunner } from '@gemel/core/sdk';
import { entryOutput } from './entry-streams.js';
import { ExportReader } from './export-reader.js';
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
    const found = await this.#ask(['--reverse', `--lines=${limit}`, ...filterArguments(query)], signal);
    return { entries: found.map(({ entry }) => entry).toReversed(), cursor: found[0]?.cursor ?? null };
  }

  /** The oldest entries that fit and come after a place, or the oldest of all. @throws as `newest`. */
  async oldest(query: Query, limit: number, after: string | null, signal?: AbortSignal): Promise<JournalPage> {
    const place = after === null ? [] : [`--after-cursor=${after}`];
    const found = await this.#ask([`--lines=+${limit}`, ...place, ...filterArguments(query)], signal);
    return { entries: found.map(({ entry }) => entry), cursor: found.at(-1)?.cursor ?? null };
  }

  async #ask(argv: readonly string[], signal: AbortSignal | undefined): Promise<readonly Found[]> {
    const found: Found[] = [];
    const reader = new ExportReader();
    const { exitCode, stderr } = await this.commands.run(['journalctl', '--quiet', ...entryOutput, ...argv], {
      timeoutMs: searchMs,
      maxOutputBytes: mostBytes,
      // while it goes on searching
      onOutput: (piece) => {
        for (const fields of reader.read(piece)) {
          found.push({ entry: parseEntry(fields), cursor: fields.get('__CURSOR') ?? null });
        }
      },
      ...(signal === undefined ? {} : { signal }),
    });
    // journalctl ends with 1 when a pattern was found nowhere, as grep does
    if (exitCode !== 0 && stderr.trim() !== '') {
      throw new ApplianceError('invalid', `journalctl: ${stderr.trim().split('\n').at(-1)}. Correct the filter.`);
    }
    return found;
  }
}

interface Found {
  readonly entry: JournalEntry;
  readonly cursor: string | null;
}
