import { z } from 'zod';
import { jsonText } from '../document/document.js';
import type { SettingsFiles } from './settings-files.js';

/** How a file was last written; its text is looked up on the system itself. */
export interface OwnedFile {
  readonly mode?: number;
  readonly group?: string;
  /** Two writers meant different modes or groups and it is not known which of them came through: written again. */
  readonly unsure?: true;
}

/** Section id → path → how. */
export type OwnedFiles = ReadonlyMap<string, ReadonlyMap<string, OwnedFile>>;

const ownedSchema = z.record(
  z.string(),
  z.record(
    z.string(),
    z.object({
      mode: z.number().int().exactOptional(),
      group: z.string().exactOptional(),
      unsure: z.literal(true).exactOptional(),
    }),
  ),
);

const name = 'owned.json';

/** Which files each section has on the system. Written before files are, so that none is forgotten by a crash. */
export class OwnedFilesStore {
  #owned: OwnedFiles = new Map();
  #text = '';

  constructor(readonly files: SettingsFiles) {}

  get owned(): OwnedFiles {
    return this.#owned;
  }

  /** @returns false when there was nothing usable on disk. */
  async load(): Promise<boolean> {
    const owned = await this.files.read(name, (text) => {
      const parsed = ownedSchema.parse(JSON.parse(text));
      this.#text = text;
      return new Map(Object.entries(parsed).map(([id, files]) => [id, new Map(Object.entries(files))]));
    });
    this.#owned = owned ?? new Map();
    return owned !== undefined;
  }

  /** Durable when it returns; costs nothing when nothing changed. */
  async save(owned: OwnedFiles): Promise<void> {
    const text = jsonText(Object.fromEntries([...owned].map(([id, files]) => [id, Object.fromEntries(files)])));
    if (text !== this.#text) await this.files.write(name, text);
    this.#text = text;
    this.#owned = owned;
  }
}
