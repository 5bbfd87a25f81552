import { ApplianceError } from '../sdk/errors.js';
import type { FileStore, WriteOptions } from '../sdk/system.js';
import { toDisposable } from '../sdk/disposable.js';
import { FaultPlan } from './fault-plan.js';

/** A file, or a symbolic link when `target` is there. */
export interface MemoryFile {
  readonly content: string;
  readonly mode: number;
  readonly group: string;
  readonly target?: string;
}

interface Watcher {
  readonly folder: string;
  readonly listener: () => void;
  scheduled: boolean;
}

/**
 * FileStore in memory. Every mutation is durable once it has returned and atomic while it runs, except `append`, of which
 * FaultPlan.tearAt leaves half a line.
 */
export class MemoryFileStore implements FileStore {
  readonly #files: Map<string, MemoryFile>;
  readonly #watchers = new Set<Watcher>();
  readonly #faults: FaultPlan;

  constructor(
    files: Readonly<Record<string, string>> | ReadonlyMap<string, MemoryFile> = {},
    faults = new FaultPlan(),
  ) {
    this.#faults = faults;
    this.#files =
      files instanceof Map
        ? new Map(files)
        : new Map(Object.entries(files).map(([path, content]) => [path, { content, mode: 0o644, group: 'root' }]));
  }

  get faults(): FaultPlan {
    return this.#faults;
  }

  /** Watches that were not ended. */
  get watching(): number {
    return this.#watchers.size;
  }

  /** Everything with mode and group, by path. */
  entries(): ReadonlyMap<string, MemoryFile> {
    return new Map(this.#files);
  }

  /** Contents by path, sorted, for one deep equality in a test; links show as `-> target`. */
  contents(below = '/'): Readonly<Record<string, string>> {
    const prefix = below.endsWith('/') ? below : `${below}/`;
    const paths = [...this.#files.keys()].filter((path) => path.startsWith(prefix)).toSorted();
    return Object.fromEntries(paths.map((path) => [path, this.#describe(path)]));
  }

  /** Puts a file there without a step: the world before the test. */
  put(path: string, content: string, options: WriteOptions = {}): void {
    this.#files.set(path, { content, mode: options.mode ?? 0o644, group: options.group ?? 'root' });
    this.#changed(path);
  }

  async read(path: string): Promise<string | undefined> {
    this.#faults.assertAlive();
    const resolved = this.#resolve(path);
    if (this.#isFolder(resolved)) throw storage(`${path} cannot be read: it is a folder.`);
    return this.#files.get(resolved)?.content;
  }

  async list(path: string): Promise<readonly string[]> {
    this.#faults.assertAlive();
    const prefix = `${this.#resolve(path)}/`;
    const below = [...this.#files.keys()].filter((each) => each.startsWith(prefix));
    const names = below.map((each) => each.slice(prefix.length).split('/', 1)[0] ?? '');
    return [...new Set(names)].toSorted();
  }

  async write(path: string, content: string, options: WriteOptions = {}): Promise<void> {
    this.#step(`write ${path}`);
    const resolved = this.#resolveFolder(path);
    if (this.#isFolder(resolved)) throw storage(`${path} cannot be written: it is a folder.`);
    this.#files.set(resolved, { content, mode: options.mode ?? 0o644, group: options.group ?? 'root' });
    this.#changed(resolved);
  }

  async append(path: string, line: string, options: WriteOptions = {}): Promise<void> {
    const resolved = this.#resolve(path);
    const before = this.#files.get(resolved) ?? {
      content: '',
      mode: options.mode ?? 0o644,
      group: options.group ?? 'root',
    };
    const start = before.content === '' || before.content.endsWith('\n') ? before.content : `${before.content}\n`;
    const half = () => this.#files.set(resolved, { ...before, content: start + line.slice(0, line.length / 2) });
    this.#step(`append ${path}`, half);
    this.#files.set(resolved, { ...before, content: `${start}${line}\n` });
    this.#changed(resolved);
  }

  async overwrite(path: string, at: number, text: string): Promise<void> {
    this.#step(`overwrite ${path}`);
    const resolved = this.#resolve(path);
    const before = this.#files.get(resolved);
    const [content, added] = [Buffer.from(before?.content ?? ''), Buffer.from(text)];
    if (before === undefined || at + added.length > content.length) {
      throw storage(`${path} cannot be written: it does not reach as far.`);
    }
    added.copy(content, at);
    this.#files.set(resolved, { ...before, content: content.toString() });
    this.#changed(resolved);
  }

  async remove(path: string): Promise<void> {
    this.#step(`remove ${path}`);
    const resolved = this.#resolveFolder(path);
    for (const each of this.#files.keys()) {
      if (each === resolved || each.startsWith(`${resolved}/`)) this.#files.delete(each);
    }
    this.#changed(resolved);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step(`rename ${from} ${to}`);
    const source = this.#resolveFolder(from);
    const target = this.#resolveFolder(to);
    const moved = [...this.#files].filter(([path]) => path === source || path.startsWith(`${source}/`));
    if (moved.length === 0) throw storage(`${from} cannot be renamed: there is no such file.`);
    if (this.#isFolder(target)) throw storage(`${from} cannot be renamed: the folder ${to} is not empty.`);
    for (const [path] of moved) this.#files.delete(path);
    for (const [path, file] of moved) this.#files.set(target + path.slice(source.length), file);
    this.#changed(source);
    this.#changed(target);
  }

  async link(target: string, path: string): Promise<void> {
    this.#step(`link ${path} -> ${target}`);
    const resolved = this.#resolveFolder(path);
    if (this.#isFolder(resolved)) throw storage(`${path} cannot be made a link: it is a folder.`);
    this.#files.set(resolved, { content: '', mode: 0o777, group: 'root', target });
    this.#changed(resolved);
  }

  async readLink(path: string): Promise<string | undefined> {
    this.#faults.assertAlive();
    return this.#files.get(this.#resolveFolder(path))?.target;
  }

  watch(path: string, listener: () => void): Disposable {
    const watcher: Watcher = { folder: path, listener, scheduled: false };
    this.#watchers.add(watcher);
    return toDisposable(() => this.#watchers.delete(watcher));
  }

  #step(what: string, tear?: () => void): void {
    const usual = () => storage(`${what}: no space left on the device. Free some space and try again.`);
    this.#faults.step('file', what, usual, tear);
  }

  #describe(path: string): string {
    const file = this.#files.get(path);
    return file?.target === undefined ? (file?.content ?? '') : `-> ${file.target}`;
  }

  #isFolder(path: string): boolean {
    return [...this.#files.keys()].some((each) => each.startsWith(`${path}/`));
  }

  /** Follows links in every part of the path. */
  #resolve(path: string): string {
    let resolved = this.#resolveFolder(path);
    for (let hops = 0; hops < 40; hops++) {
      const target = this.#files.get(resolved)?.target;
      if (target === undefined) return resolved;
      resolved = this.#resolveFolder(join(folderOf(resolved), target));
    }
    throw storage(`${path} cannot be read: its symbolic links go round in circles.`);
  }

  /** Follows links in every part but the last. */
  #resolveFolder(path: string): string {
    const folder = folderOf(path);
    return folder === '/' ? path : `${this.#resolve(folder)}/${nameOf(path)}`;
  }

  #changed(path: string): void {
    for (const watcher of this.#watchers) {
      if (watcher.scheduled || folderOf(path) !== this.#resolve(watcher.folder)) continue;
      watcher.scheduled = true;
      queueMicrotask(() => {
        watcher.scheduled = false;
        if (this.#watchers.has(watcher)) watcher.listener();
      });
    }
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function join(folder: string, target: string): string {
  const parts = target.startsWith('/') ? [] : folder.split('/');
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return `/${parts.filter((part) => part !== '').join('/')}`;
}

function storage(message: string): ApplianceError {
  return new ApplianceError('storage', message);
}
