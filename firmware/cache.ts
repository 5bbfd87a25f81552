import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, readlink, rename, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withLock } from './lock.ts';
import { mustRun } from './run-command.ts';

/** Where built roots, disks and the lab's snapshots are kept between runs. Everything below it can be deleted at any time. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gemel');
}

/** Temporary folders carry the builder's process id, by which the next build knows the abandoned ones. */
const BUILDING = 'building-';

export interface CacheEntry {
  readonly path: string;
  /** Seconds the build took; 0 when the entry was there already. */
  readonly seconds: number;
}

/**
 * The folder `kind-key` of the cache, built when absent. The builder fills a temporary folder that is renamed when complete, so an
 * entry that exists is whole. Two that want the same entry at once build it once; what a crashed build left is removed by the next.
 */
export async function cached(
  kind: string,
  key: string,
  build: (folder: string) => Promise<void>,
  waiting: () => void = () => undefined,
): Promise<CacheEntry> {
  const path = join(cacheFolder(), `${kind}-${key}`);
  const touched = (seconds: number) => utimes(path, new Date(), new Date()).then(() => ({ path, seconds }));
  if (existsSync(path)) return touched(0);
  await mkdir(cacheFolder(), { recursive: true });
  return withLock(path, waiting, async () => {
    if (existsSync(path)) return touched(0);
    const started = performance.now();
    await removeAbandoned();
    const temporary = join(cacheFolder(), `${BUILDING}${process.pid}-${kind}-${key}`);
    await mkdir(temporary);
    try {
      await build(temporary);
      await rename(temporary, path);
    } catch (cause) {
      await removeTree(temporary);
      throw cause;
    }
    return touched((performance.now() - started) / 1000);
  });
}

/** Makes the next `cached` of this entry build it again. */
export async function forget(kind: string, key: string): Promise<void> {
  await removeTree(join(cacheFolder(), `${kind}-${key}`));
}

async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(cacheFolder())) {
    const builder = new RegExp(`^${BUILDING}(\\d+)-`).exec(name)?.[1];
    if (builder !== undefined && !existsSync(`/proc/${builder}`)) await removeTree(join(cacheFolder(), name));
  }
}

/** An entry used this recently may be about to be mounted or linked by another command. */
const IN_USE_MILLISECONDS = 15 * 60_000;

/** Removes all but the `keep` most recently used entries of a kind, sparing those in use, such as a container's lower folder. */
export async function prune(kind: string, keep: number): Promise<void> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  for (const { path, used } of (await entries(kind)).slice(keep))
    if (!mounts.includes(path) && Math.abs(Date.now() - used) > IN_USE_MILLISECONDS) await removeTree(path);
}

/** The most recently used entry of a kind. */
export async function newest(kind: string): Promise<string | undefined> {
  return (await entries(kind))[0]?.path;
}

async function entries(kind: string): Promise<{ path: string; used: number }[]> {
  const found: { path: string; used: number }[] = [];
  for (const name of existsSync(cacheFolder()) ? await readdir(cacheFolder()) : []) {
    if (!name.startsWith(`${kind}-`)) continue;
    const path = join(cacheFolder(), name);
    found.push({ path, used: (await stat(path)).mtimeMs });
  }
  return found.sort((left, right) => right.used - left.used);
}

export async function removeTree(path: string): Promise<void> {
  await mustRun(['rm', '-rf', '--one-file-system', path]);
}

/** A key of 16 hex digits over names and contents of files and folders, and further texts. Absent paths count as absent. */
export async function contentKey(paths: readonly string[], texts: readonly string[] = []): Promise<string> {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`text\0${text}\0`);
  const add = async (path: string, name: string): Promise<void> => {
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined) hash.update(`absent\0${name}\0`);
    else if (found.isSymbolicLink()) hash.update(`link\0${name}\0${await readlink(path)}\0`);
    else if (found.isDirectory())
      for (const child of (await readdir(path)).sort()) await add(join(path, child), `${name}/${child}`);
    else {
      hash.update(`file\0${name}\0${found.mode.toString(8)}\0${found.size}\0`);
      hash.update(await readFile(path));
    }
  };
  for (const [index, path] of paths.entries()) await add(path, String(index));
  return hash.digest('hex').slice(0, 16);
}
