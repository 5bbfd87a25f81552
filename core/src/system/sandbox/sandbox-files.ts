import type { FileStore, WriteOptions } from '../../sdk/system.js';

export interface SandboxFilesOptions {
  /** Everything the sandbox writes is below this folder: its own paths stay, the rest of the file system is mapped to `root`. */
  readonly folder: string;
  readonly root: string;
  /** Files and folders of the machine that are seen where the sandbox has none of its own; never written. */
  readonly readable: readonly string[];
}

/** The file system of an appliance below a folder of any machine. */
export class SandboxFiles implements FileStore {
  readonly #store: FileStore;
  readonly #options: SandboxFilesOptions;

  constructor(store: FileStore, options: SandboxFilesOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Where a path of the appliance really is. */
  locate(path: string): string {
    return isWithin(path, this.#options.folder) ? path : `${this.#options.root}${path}`;
  }

  async read(path: string): Promise<string | undefined> {
    const own = await this.#store.read(this.locate(path));
    return own === undefined && this.#isReadable(path) ? this.#store.read(path) : own;
  }

  async list(path: string): Promise<readonly string[]> {
    const own = await this.#store.list(this.locate(path));
    return own.length === 0 && this.#isReadable(path) ? this.#store.list(path) : own;
  }

  async readLink(path: string): Promise<string | undefined> {
    const own = await this.#store.readLink(this.locate(path));
    return own === undefined && this.#isReadable(path) ? this.#store.readLink(path) : own;
  }

  write(path: string, content: string, options?: WriteOptions): Promise<void> {
    return this.#store.write(this.locate(path), content, options);
  }

  append(path: string, line: string, options?: WriteOptions): Promise<void> {
    return this.#store.append(this.locate(path), line, options);
  }

  overwrite(path: string, at: number, text: string): Promise<void> {
    return this.#store.overwrite(this.locate(path), at, text);
  }

  remove(path: string): Promise<void> {
    return this.#store.remove(this.locate(path));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#store.rename(this.locate(from), this.locate(to));
  }

  link(target: string, path: string): Promise<void> {
    return this.#store.link(target.startsWith('/') ? this.locate(target) : target, this.locate(path));
  }

  watch(path: string, listener: () => void): Disposable {
    return this.#store.watch(this.locate(path), listener);
  }

  #isReadable(path: string): boolean {
    return this.#options.readable.some((place) => isWithin(path, place));
  }
}

function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}
