import {
  chmod,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ApplianceError } from '../sdk/errors.js';
import type { FileStore, WriteOptions } from '../sdk/system.js';
import { watchFolder } from './folder-watch.js';
import { groupNumber } from './groups.js';
import { errorCode, storageError } from './storage-error.js';

const temporarySuffix = '.gemel-tmp';
/** Also under a stricter umask: engines must reach the files made for them. */
const folderMode = 0o755;

export interface FileStoreOptions {
  /** False where the process is not root: groups are then left as they are. */
  readonly ownership: boolean;
}

/**
 * Files of this machine.
 *
 * INVARIANTS: a file is seen whole, old or new, by every reader and after every power loss; a call that returned is on the
 * medium; what a crash leaves behind carries the temporary suffix, is not listed, and goes away with the next write to its folder.
 */
export class AtomicFileStore implements FileStore {
  readonly #options: FileStoreOptions;
  readonly #cleanedFolders = new Set<string>();
  readonly #appends = new Map<string, Promise<void>>();
  #counter = 0;

  constructor(options: FileStoreOptions) {
    this.#options = options;
  }

  async read(path: string): Promise<string | undefined> {
    try {
      return await readFile(path, 'utf8');
    } catch (failure) {
      if (isAbsent(failure)) return undefined;
      throw storageError(path, 'read', failure);
    }
  }

  async list(path: string): Promise<readonly string[]> {
    try {
      const names = await readdir(path);
      return names.filter((name) => !isTemporary(name)).toSorted();
    } catch (failure) {
      if (isAbsent(failure)) return [];
      throw storageError(path, 'read', failure);
    }
  }

  async write(path: string, content: string, options: WriteOptions = {}): Promise<void> {
    await this.#replace(path, 'written', async (temporary) => {
      // Readable by nobody else until it belongs to its group.
      await using file = await open(temporary, 'wx', 0o600);
      await this.#giveTo(file, path, options);
      await file.writeFile(content);
      await file.sync();
    });
  }

  append(path: string, line: string, options: WriteOptions = {}): Promise<void> {
    // One after the other per file: undoing a failed line must not cut off another caller's.
    const turn = (this.#appends.get(path) ?? Promise.resolve()).then(() => this.#append(path, line, options));
    const settled = turn.catch(() => {});
    this.#appends.set(path, settled);
    return turn.finally(() => {
      if (this.#appends.get(path) === settled) this.#appends.delete(path);
    });
  }

  async overwrite(path: string, at: number, text: string): Promise<void> {
    try {
      const bytes = Buffer.from(text);
      await using file = await open(path, 'r+');
      const { size } = await file.stat();
      if (at + bytes.length > size) throw new ApplianceError('storage', beyondEnd(path, size));
      await file.write(bytes, 0, bytes.length, at);
      await file.datasync();
    } catch (failure) {
      throw storageError(path, 'written', failure);
    }
  }

  async remove(path: string): Promise<void> {
    try {
      const stat = await lstat(path);
      if (stat.isDirectory()) await this.#removeFolder(path);
      else await rm(path, { force: true });
      await syncFolder(dirname(path));
    } catch (failure) {
      if (!isAbsent(failure)) throw storageError(path, 'removed', failure);
    }
  }

  async rename(from: string, to: string): Promise<void> {
    try {
      await makeFolder(dirname(to));
      await rename(from, to);
      await syncFolder(dirname(to));
      if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
    } catch (failure) {
      throw storageError(from, `renamed to ${to}`, failure);
    }
  }

  async link(target: string, path: string): Promise<void> {
    await this.#replace(path, 'made a link', (temporary) => symlink(target, temporary));
  }

  async readLink(path: string): Promise<string | undefined> {
    try {
      return await readlink(path);
    } catch (failure) {
      // EINVAL: something other than a link.
      if (isAbsent(failure) || errorCode(failure) === 'EINVAL') return undefined;
      throw storageError(path, 'read', failure);
    }
  }

  watch(path: string, listener: () => void): Disposable {
    return watchFolder(path, listener);
  }

  async #append(path: string, line: string, options: WriteOptions): Promise<void> {
    try {
      const created = (await lstatOrUndefined(path)) === undefined;
      if (created) await makeFolder(dirname(path));
      await using file = await open(path, 'a+', 0o600);
      if (created) await this.#giveTo(file, path, options);
      const { size } = await file.stat();
      try {
        await file.writeFile(`${(await endsInsideLine(file, size)) ? '\n' : ''}${line}\n`);
        await file.sync();
      } catch (failure) {
        await file.truncate(size);
        throw failure;
      }
      if (created) await syncFolder(dirname(path));
    } catch (failure) {
      throw storageError(path, 'written', failure);
    }
  }

  /** Makes the new thing beside the old one and puts it in its place. */
  async #replace(path: string, verb: string, make: (temporary: string) => Promise<void>): Promise<void> {
    const folder = dirname(path);
    const temporary = this.#temporaryFor(path);
    try {
      await makeFolder(folder);
      await this.#removeLeftovers(folder);
      await make(temporary);
      await rename(temporary, path);
      await syncFolder(folder);
    } catch (failure) {
      // A medium that fails may refuse this too; the next process removes it then. The first failure is the one to tell.
      await rm(temporary, { force: true }).catch(() => {});
      throw storageError(path, verb, failure);
    }
  }

  /** Out of the way in one step, so that no crash leaves half a folder under its name. */
  async #removeFolder(path: string): Promise<void> {
    const temporary = this.#temporaryFor(path);
    try {
      await rename(path, temporary);
      await syncFolder(dirname(path));
      await rm(temporary, { recursive: true, force: true });
    } catch (failure) {
      // A mount point, or the border of one, cannot be renamed.
      if (errorCode(failure) !== 'EBUSY' && errorCode(failure) !== 'EXDEV') throw failure;
      await rm(path, { recursive: true, force: true });
    }
  }

  async #giveTo(file: FileHandle, path: string, options: WriteOptions): Promise<void> {
    if (this.#options.ownership && options.group !== undefined) {
      const { uid } = await file.stat();
      await file.chown(uid, await groupNumber(options.group, path));
    }
    await file.chmod(options.mode ?? 0o644);
  }

  #temporaryFor(path: string): string {
    this.#counter += 1;
    return join(dirname(path), `.${basename(path)}.${process.pid}-${this.#counter}${temporarySuffix}`);
  }

  /** Once per folder and process: what an earlier process left when it was killed. */
  async #removeLeftovers(folder: string): Promise<void> {
    if (this.#cleanedFolders.has(folder)) return;
    this.#cleanedFolders.add(folder);
    for (const name of await readdir(folder)) {
      if (isTemporary(name) && !isAlive(name)) await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}

/** Makes missing folders, each on the medium before the next. */
async function makeFolder(path: string): Promise<void> {
  const stat = await lstatOrUndefined(path);
  if (stat?.isDirectory() || stat?.isSymbolicLink()) return;
  if (stat !== undefined) {
    throw new ApplianceError('storage', `${path} cannot be made a folder: a file is in its place. Remove it.`);
  }
  await makeFolder(dirname(path));
  try {
    await mkdir(path, folderMode);
    await chmod(path, folderMode);
  } catch (failure) {
    // Another write made it in the meantime.
    if (errorCode(failure) !== 'EEXIST') throw failure;
  }
  await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

async function lstatOrUndefined(path: string) {
  try {
    return await lstat(path);
  } catch (failure) {
    if (isAbsent(failure)) return undefined;
    throw failure;
  }
}

/** True after a crash in the middle of a line: the next one must not be glued to it. */
async function endsInsideLine(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  await file.read(last, 0, 1, size - 1);
  return last.toString('latin1') !== '\n';
}

function beyondEnd(path: string, size: number): string {
  return `${path} cannot be written: it has ${size} bytes, and no more may be added to it.`;
}

function isAbsent(failure: unknown): boolean {
  const code = errorCode(failure);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function isTemporary(name: string): boolean {
  return name.startsWith('.') && name.endsWith(temporarySuffix);
}

/** The process that made the temporary file still runs: not ours to remove. */
function isAlive(name: string): boolean {
  const pid = Number(/\.(\d+)-\d+\.gemel-tmp$/.exec(name)?.[1]);
  if (!Number.isInteger(pid) || pid === process.pid) return pid === process.pid;
  try {
    process.kill(pid, 0);
    return true;
  } catch (failure) {
    return errorCode(failure) === 'EPERM';
  }
}
