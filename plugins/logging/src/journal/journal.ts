import { ApplianceError, asApplianceError, type CommandRunner } from '@gemel/core/sdk';
import { entryOutput } from './entry-streams.js';
import { ExportReader } from './export-reader.js';
import { type JournalEntry, parseEntry } from './journal-entry.js';
import { filterArguments, type Query } from './query.js';

/** A search through a journal of the largest size takes seconds; a filter that fits nothing reads all of it. */
const searchMs = 25_000;
/** Of what journalctl prints at once; entries can be long, and bytes that are no text take four times their room. */
const mostBytes = 12 * 1024 * 1024;

export interface JournalPage {
  /** Oldest first. */
  readonly entries: readonly JournalEntry[];
  /** Place of the newest of them; null when there is none. */
  readonly cursor: string | null;
  /** Some were left out, since together they are too long. */
  readonly cut: boolean;
}

export interface PageLimits {
  readonly lines: number;
  /** Of all entries as JSON; none where it is not said. One entry is always given. */
  readonly bytes?: number;
}

/** This node's journal, by journalctl. */
export class Journal {
  constructor(readonly commands: CommandRunner) {}

  /**
   * The newest entries that fit.
   * @throws ApplianceError `unavailable` without journalctl, `invalid` for a pattern that is none, `timeout`.
   */
  async newest(query: Query, limits: PageLimits, signal?: AbortSignal): Promise<JournalPage> {
    const { found, cut } = await this.#ask(['--reverse', '--lines='], filterArguments(query), limits, signal);
    return { entries: found.map(({ entry }) => entry).toReversed(), cursor: found[0]?.cursor ?? null, cut };
  }

  /** The oldest entries that fit and come after a place, or the oldest of all. @throws as `newest`. */
  async oldest(query: Query, limits: PageLimits, after: string | null, signal?: AbortSignal): Promise<JournalPage> {
    const place = after === null ? [] : [`--after-cursor=${after}`];
    const { found, cut } = await this.#ask(['--lines=+'], [...place, ...filterArguments(query)], limits, signal);
    return { entries: found.map(({ entry }) => entry), cursor: found.at(-1)?.cursor ?? null, cut };
  }

  /** Fewer at once where they are too long together. @param direction Their number is added to it. */
  async #ask(
    direction: readonly string[],
    filters: readonly string[],
    { lines: wanted, bytes = Number.POSITIVE_INFINITY }: PageLimits,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly found: readonly Found[]; readonly cut: boolean }> {
    for (let count = wanted; ; count = Math.ceil(count / 8)) {
      try {
        const found = await this.#run([...direction.slice(0, -1), `${direction.at(-1)}${count}`, ...filters], signal);
        const kept = withinBytes(found, bytes);
        return { found: kept, cut: kept.length < found.length || (count < wanted && found.length === count) };
      } catch (failure) {
        if (count === 1 || !isTooLong(failure)) throw failure;
      }
    }
  }

  async #run(argv: readonly string[], signal: AbortSignal | undefined): Promise<readonly Found[]> {
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

function isTooLong(failure: unknown): boolean {
  const { code, message } = asApplianceError(failure);
  return code === 'engine-failed' && message.includes('printed more than');
}

/** The first of them that stay below the limit together, and one at least. */
function withinBytes(found: readonly Found[], limit: number): readonly Found[] {
  if (limit === Number.POSITIVE_INFINITY) return found;
  let bytes = 0;
  const end = found.findIndex(({ entry }, index) => {
    bytes += Buffer.byteLength(JSON.stringify(entry)) + 1;
    return index > 0 && bytes > limit;
  });
  return end === -1 ? found : found.slice(0, end);
}
