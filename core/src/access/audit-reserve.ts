import { ApplianceError, type FileStore } from '../sdk/index.js';

/**
 * A file of a fixed size whose blocks are taken while there is room, so that lines can be written into it when the volume is full.
 * Others that need space can't take it, which they could if a file were only removed to make room. It is filled with line ends, so
 * that it reads as what it holds. Not for callers at the same time.
 */
export class AuditReserve {
  readonly path: string;
  readonly #files: FileStore;
  readonly #bytes: number;
  /** Of the file; undefined until it was looked at, 0 when there is none. A damaged one is set aside. */
  #size: number | undefined;
  #used = 0;

  constructor(files: FileStore, path: string, bytes = 1024 * 1024) {
    this.#files = files;
    this.path = path;
    this.#bytes = bytes;
  }

  /** @throws ApplianceError `storage` when there is no room for it. */
  async make(): Promise<void> {
    if ((await this.#look()) > 0) return;
    await this.#files.write(this.path, '\n'.repeat(this.#bytes), { mode: 0o600 });
    this.#size = this.#bytes;
  }

  /** @throws ApplianceError `storage` when there is no reserve or it is used up. */
  async keep(line: string): Promise<void> {
    const size = await this.#look();
    const text = `${line}\n`;
    if (this.#used + Buffer.byteLength(text) > size) {
      throw new ApplianceError('storage', `${this.path} is used up.`);
    }
    await this.#files.overwrite(this.path, this.#used, text);
    this.#used += Buffer.byteLength(text);
  }

  /** In the order in which they were kept. */
  async lines(): Promise<readonly string[]> {
    await this.#look();
    if (this.#used === 0) return [];
    return ((await this.#files.read(this.path)) ?? '')
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '');
  }

  async clear(): Promise<void> {
    await this.#files.overwrite(this.path, 0, '\n'.repeat(this.#used));
    this.#used = 0;
  }

  async #look(): Promise<number> {
    if (this.#size !== undefined) return this.#size;
    const content = (await this.#files.read(this.path)) ?? '';
    const size = Buffer.byteLength(content);
    // cut off, or bytes that are no text, which count for more here than on the disk
    if (size !== this.#bytes) {
      if (size > 0) await this.#files.rename(this.path, `${this.path}.damaged`);
      this.#size = 0;
      return 0;
    }
    const held = Buffer.byteLength(content.trimEnd());
    this.#used = held === 0 ? 0 : held + 1; // also after a line that a power loss cut off
    this.#size = size;
    return size;
  }
}
