import { z } from 'zod';
import { ApplianceError, asApplianceError, type Clock, type FileStore, type Report } from '../sdk/index.js';
import { Exclusive } from './exclusive.js';
import { accessReports } from './reports.js';

export interface StoredListParts<Entry> {
  readonly files: FileStore;
  readonly clock: Clock;
  readonly path: string;
  readonly entry: z.ZodType<Entry>;
  /** For the report of a damaged file: `users`. */
  readonly what: string;
}

/**
 * A list that is one file of mode 0600.
 *
 * INVARIANT: what `change` resolved for is on disk; what it rejected for changed nothing.
 */
export class StoredList<Entry> {
  readonly #parts: StoredListParts<Entry>;
  readonly #exclusive = new Exclusive();
  #entries: readonly Entry[] = [];
  /** Why the file on disk is not known; writing would then lose what it holds. */
  #unknown: string | undefined;

  constructor(parts: StoredListParts<Entry>) {
    this.#parts = parts;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** A damaged file is set aside and reported, one that cannot even be read is left alone: neither may stop boot. */
  async load(): Promise<readonly Report[]> {
    const { files, path, what, clock } = this.#parts;
    try {
      const text = await files.read(path);
      if (text === undefined) return [];
      const entries = this.#parse(text);
      if (entries !== undefined) {
        this.#entries = entries;
        return [];
      }
      const kept = `${path}.damaged-${clock.now()}`;
      await files.rename(path, kept);
      return [accessReports.report('access.file.damaged', { file: path, kept, what })];
    } catch (thrown) {
      this.#unknown = asApplianceError(thrown).message;
      return [accessReports.report('access.file.unreadable', { file: path, reason: this.#unknown, what })];
    }
  }

  /** @throws ApplianceError `storage`, or whatever `change` throws. */
  change(change: (entries: readonly Entry[]) => readonly Entry[]): Promise<void> {
    return this.#exclusive.run(async () => {
      if (this.#unknown !== undefined) {
        const { path, what } = this.#parts;
        const remedy = `Repair or remove ${path}, then: systemctl restart gemel-core`;
        throw new ApplianceError(
          'storage',
          `The ${what} are not known, so they stay as they are: ${this.#unknown} ${remedy}`,
        );
      }
      const next = change(this.#entries);
      const text = `${JSON.stringify({ version: 1, entries: next }, undefined, 2)}\n`;
      await this.#parts.files.write(this.#parts.path, text, { mode: 0o600 });
      this.#entries = next;
    });
  }

  #parse(text: string): readonly Entry[] | undefined {
    try {
      const parsed = z
        .object({ version: z.literal(1), entries: z.array(this.#parts.entry) })
        .safeParse(JSON.parse(text));
      return parsed.success ? parsed.data.entries : undefined;
    } catch {
      return undefined; // not JSON: damaged
    }
  }
}

export function notFound(what: string, name: string): ApplianceError {
  return new ApplianceError('not-found', `There is no ${what} ${name}. See: gemel access ${what} list.`);
}
