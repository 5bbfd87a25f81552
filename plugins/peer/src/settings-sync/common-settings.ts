import type { FileStore, Logger } from '@gemel/core/sdk';
import { z } from 'zod';
import type { Checksums } from './decide.js';

const fileSchema = z.object({
  format: z.literal(1),
  /** Of the node that they were common with. */
  fingerprint: z.string(),
  checksums: z.record(z.string(), z.string()),
});

/** The settings that both nodes were last known to share, by checksum, on disk. */
export class CommonSettings {
  readonly #files: FileStore;
  readonly #path: string;
  #fingerprint = '';
  #checksums: Checksums = {};

  constructor(files: FileStore, dataFolder: string) {
    this.#files = files;
    this.#path = `${dataFolder}/common-settings.json`;
  }

  /** A damaged file is as good as none: the next comparison says what is the same. */
  async load(log: Logger): Promise<void> {
    const text = await this.#files.read(this.#path);
    if (text === undefined) return;
    try {
      const { fingerprint, checksums } = fileSchema.parse(JSON.parse(text));
      this.#fingerprint = fingerprint;
      this.#checksums = checksums;
    } catch (failure) {
      log.warn({ file: this.#path, err: failure }, 'what both nodes had in common is not known any more');
    }
  }

  /** Nothing is common with a node that was not compared yet. */
  with(fingerprint: string): Checksums {
    return fingerprint === this.#fingerprint ? this.#checksums : {};
  }

  /** Writes only what is new. @throws ApplianceError `storage`. */
  async add(fingerprint: string, more: Checksums): Promise<void> {
    const before = this.with(fingerprint);
    if (Object.entries(more).every(([id, checksum]) => before[id] === checksum)) return;
    await this.#write(fingerprint, { ...before, ...more });
  }

  /** These sections count as changed here. @throws ApplianceError `storage`. */
  async remove(ids: readonly string[]): Promise<void> {
    const left = Object.fromEntries(Object.entries(this.#checksums).filter(([id]) => !ids.includes(id)));
    await this.#write(this.#fingerprint, left);
  }

  async #write(fingerprint: string, checksums: Checksums): Promise<void> {
    await this.#files.write(this.#path, `${JSON.stringify({ format: 1, fingerprint, checksums })}\n`, { mode: 0o600 });
    this.#fingerprint = fingerprint;
    this.#checksums = checksums;
  }
}
