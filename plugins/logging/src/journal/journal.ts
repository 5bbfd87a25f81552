import { ApplianceError, type CommandRunner } from '@gemel/core/sdk';
import { entryFields, type JournalEntry, parseEntry } from './journal-entry.js';
import { filterArguments, type Query } from './query.js';

/** A search through a journal of the largest size takes seconds; a filter that fits nothing reads all of it. */
const searchMs = 25_000;
/** Of a reply to a client; entries can be long. */
const mostBytes = 12 * 1024 * 1024;

/** This node's journal, by journalctl. */
export class Journal {
  constructor(readonly commands: CommandRunner) {}

  /**
   * The newest entries that fit, oldest first.
   * @throws ApplianceError `unavailable` without journalctl, `invalid` for a pattern that is none, `timeout`.
   */
  async newest(query: Query, limit: number, signal?: AbortSignal): Promise<readonly JournalEntry[]> {
    const { exitCode, stdout, stderr } = await this.commands.run(
      [
        'journalctl',
        '--quiet',
        '--reverse',
        '--all',
        `--lines=${limit}`,
        '--output=json',
        `--output-fields=${entryFields}`,
        ...filterArguments(query),
      ],
      { timeoutMs: searchMs, maxOutputBytes: mostBytes, ...(signal === undefined ? {} : { signal }) },
    );
    // journalctl ends with 1 when a pattern was found nowhere, as grep does
    if (exitCode !== 0 && stderr.trim() !== '') {
      throw new ApplianceError('invalid', `journalctl: ${stderr.trim().split('\n').at(-1)}. Correct the filter.`);
    }
    return stdout
      .split('\n')
      .flatMap((line) => parseEntry(line) ?? [])
      .toReversed();
  }
}
