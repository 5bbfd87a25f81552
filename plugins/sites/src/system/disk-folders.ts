import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import {
  chmod,
  chown,
  lchown,
  lstat,
  lutimes,
  mkdir,
  open,
  opendir,
  readlink,
  rename,
  stat,
  statfs,
  symlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ApplianceError } from '@gemel/core/sdk';
import type { CopyOptions, FileParts, SiteFolders } from '../site/site-folders.js';

/** A job that was cancelled stops after at most this much; large enough that the loop costs nothing beside the disk. */
const chunkBytes = 4 * 1024 * 1024;

/** The file system of the appliance. */
export class DiskFolders implements SiteFolders {
  exists(path: string): Promise<boolean> {
    return lstat(path).then(
      () => true,
      () => false,
    );
  }

  async isMount(path: string): Promise<boolean> {
    const [own, parent] = await Promise.allSettled([stat(path), stat(dirname(path))]);
    return own.status === 'fulfilled' && parent.status === 'fulfilled' && own.value.dev !== parent.value.dev;
  }

  owner(path: string): Promise<number | undefined> {
    return lstat(path).then(
      ({ uid }) => uid,
      () => undefined,
    );
  }

  make(path: string, uid: number): Promise<void> {
    return telling(`${path} cannot be made`, async () => {
      await mkdir(path, { recursive: true });
      await chown(path, uid, uid);
      await chmod(path, 0o750);
    });
  }

  size(path: string, signal: AbortSignal): Promise<number> {
    return telling(`${path} cannot be read`, async () => {
      let bytes = 0;
      for await (const { stats } of walk(path, signal)) if (stats.isFile()) bytes += stats.size;
      return bytes;
    });
  }

  free(path: string): Promise<number> {
    return telling(`${path} cannot be read`, async () => {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    });
  }

  copy(from: string, to: string, { signal, progress }: CopyOptions): Promise<void> {
    return telling(`${from} cannot be copied`, async () => {
      let done = 0;
      const folders: { readonly path: string; readonly stats: Stats }[] = [];
      for await (const { path, stats } of walk(from, signal)) {
        const target = join(to, path);
        const source = join(from, path);
        if (stats.isDirectory()) {
          await mkdir(target, { recursive: true });
          folders.push({ path: target, stats });
        } else if (stats.isSymbolicLink()) {
          await symlink(await readlink(source), target);
          await lchown(target, stats.uid, stats.gid);
          await lutimes(target, stats.atime, stats.mtime);
        } else if (stats.isFile()) {
          await copyContent(source, target, {
            signal,
            progress: (bytes) => progress(done + bytes),
            finish: async (file) => {
              await file.chown(stats.uid, stats.gid);
              await file.chmod(stats.mode & 0o7777);
              await file.utimes(stats.atime, stats.mtime);
            },
          });
          done += stats.size;
        }
      }
      // Innermost first: what is put into a folder changes its time.
      for (const { path, stats } of folders.toReversed()) {
        await chown(path, stats.uid, stats.gid);
        await chmod(path, stats.mode & 0o7777);
        await lutimes(path, stats.atime, stats.mtime);
        await syncFolder(path);
      }
    });
  }

  give(path: string, uid: number, signal: AbortSignal): Promise<void> {
    return telling(`${path} cannot be given to its site`, async () => {
      for await (const entry of walk(path, signal)) await lchown(join(path, entry.path), uid, uid);
    });
  }

  async move(from: string, to: string): Promise<void> {
    // Nobody but core makes folders there, so nothing comes in between.
    if (await this.exists(to)) throw new ApplianceError('conflict', `${to} is there already. Remove it first.`);
    await telling(`${from} cannot be renamed`, async () => {
      await mkdir(dirname(to), { recursive: true });
      await rename(from, to);
      await syncFolder(dirname(to));
      if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
    });
  }

  copyFile(from: string, to: string, options: CopyOptions): Promise<string> {
    return telling(`${from} cannot be copied`, async () => {
      await mkdir(dirname(to), { recursive: true });
      const hash = createHash('sha256');
      await copyContent(from, to, { ...options, seen: (chunk) => hash.update(chunk) });
      return hash.digest('hex');
    });
  }

  fileSize(path: string): Promise<number | undefined> {
    return stat(path).then(
      (stats) => (stats.isFile() ? stats.size : undefined),
      () => undefined,
    );
  }
}

type FileHandle = Awaited<ReturnType<typeof open>>;

/** Pieces of files of the appliance. */
export const diskParts: FileParts = {
  read: (path, offset, bytes) =>
    telling(`${path} cannot be read`, async () => {
      await using file = await open(path, 'r');
      const buffer = Buffer.alloc(bytes);
      const { bytesRead } = await file.read(buffer, 0, bytes, offset);
      return buffer.toString('base64', 0, bytesRead);
    }),
  write: (path, offset, data) =>
    telling(`${path} cannot be written`, async () => {
      await mkdir(dirname(path), { recursive: true });
      await using file = await open(path, offset === 0 ? 'w' : 'r+', 0o600);
      const buffer = Buffer.from(data, 'base64');
      for (let written = 0; written < buffer.length; ) {
        written += (await file.write(buffer, written, buffer.length - written, offset + written)).bytesWritten;
      }
      await file.truncate(offset + buffer.length);
    }),
};

/** The folder itself as '', then everything in it, folders before what they hold. Links are not followed. */
async function* walk(
  root: string,
  signal: AbortSignal,
): AsyncGenerator<{ readonly path: string; readonly stats: Stats }> {
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    yield { path: folder, stats: await lstat(join(root, folder)) };
    for await (const entry of await opendir(join(root, folder))) {
      signal.throwIfAborted();
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else yield { path, stats: await lstat(join(root, path)) };
    }
  }
}

interface ContentOptions extends CopyOptions {
  readonly seen?: (chunk: Uint8Array) => void;
  readonly finish?: (file: FileHandle) => Promise<void>;
}

async function copyContent(from: string, to: string, options: ContentOptions): Promise<void> {
  // Data of a site is a stranger's: a link that took the file's place in the meantime is not followed.
  await using source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  await using target = await open(to, 'wx', 0o600);
  const buffer = new Uint8Array(chunkBytes);
  let done = 0;
  for (;;) {
    options.signal.throwIfAborted();
    const { bytesRead } = await source.read(buffer, 0, chunkBytes, null);
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    options.seen?.(chunk);
    for (let written = 0; written < bytesRead; ) {
      written += (await target.write(chunk, written, bytesRead - written, null)).bytesWritten;
    }
    done += bytesRead;
    options.progress(done);
  }
  await options.finish?.(target);
  await target.sync();
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

async function telling<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (failure) {
    if (failure instanceof ApplianceError) throw failure;
    const code = failure instanceof Error && 'code' in failure ? String(failure.code) : '';
    if (code === 'ABORT_ERR') throw new ApplianceError('cancelled', 'The job was cancelled.', { cause: failure });
    const reason = reasons[code] ?? (failure instanceof Error ? failure.message : String(failure));
    throw new ApplianceError('storage', `${what}: ${reason}.`, { cause: failure });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the volume is full, make room first',
  EDQUOT: 'the volume is full, make room first',
  EROFS: 'the volume can only be read, look at its state',
  EIO: 'the medium failed, look at the state of the disks',
  ENOENT: 'it is not there',
  ELOOP: 'a symbolic link took its place meanwhile',
};
