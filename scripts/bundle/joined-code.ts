/**
 * Loads core's one file; scripts/bundle.ts puts this into build/ as core/dist/kernel/joined-code.js.
 *
 * Node's own compile cache holds what is compiled while a module is loaded, which leaves out nearly every function: they are
 * compiled at their first call, 1,500 of them during a start. The cache here is made after the start and holds them: 45 ms of
 * 160. It lies in the folder of Node's cache, which is one for each version of Node, processor and flags, and is named after
 * the code's content, since V8 compares only the length.
 */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, getCompileCacheDir } from 'node:module';
import { Script } from 'node:vm';

/** Written in by scripts/bundle.ts. */
declare const joinedFile: string;

/** By then core has started and answered; what it compiles later is rare. */
const startLastsMs = 10_000;

const url = new URL(joinedFile, import.meta.url);
const path = url.pathname;
const cacheFolder = getCompileCacheDir();
const cachePath = cacheFolder === undefined ? undefined : `${cacheFolder}/${joinedFile}.cache`;

/** By the path of the module in the repository. */
type Namespaces = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

type Import = (specifier: string) => Promise<unknown>;

interface Joined {
  readonly exports: { readonly namespaces: Namespaces };
}

export const joined = load();

function load(): Namespaces {
  const cachedData = readCache();
  const script = new Script(readFileSync(path, 'latin1'), {
    filename: path,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  if (cachedData === undefined || script.cachedDataRejected === true) writeCacheLater(script);
  // made by scripts/bundle.ts: one function that sets the exports
  const run = script.runInThisContext() as (module: Joined, require: NodeJS.Require, load: Import, url: string) => void;
  const module: Joined = { exports: { namespaces: {} } };
  run(module, createRequire(url), (specifier) => import(specifier), url.href);
  return module.exports.namespaces;
}

function readCache(): Buffer | undefined {
  if (cachePath === undefined) return undefined;
  try {
    return readFileSync(cachePath);
  } catch {
    return undefined; // the first start of this version, or not ours to read: then it is compiled
  }
}

function writeCacheLater(script: Script): void {
  if (cachePath === undefined) return;
  let written = false;
  const write = () => {
    if (written) return;
    written = true;
    const temporary = `${cachePath}.${process.pid}`;
    try {
      writeFileSync(temporary, script.createCachedData(), { mode: 0o600 });
      renameSync(temporary, cachePath);
      removeOthers();
    } catch {
      // a full or read-only medium: the next start is as slow as this one
    }
  };
  setTimeout(write, startLastsMs).unref();
  process.once('exit', write);
}

/** Of versions that were installed before. */
function removeOthers(): void {
  if (cacheFolder === undefined) return;
  for (const name of readdirSync(cacheFolder)) {
    if (/^joined-.*\.cache$/.test(name) && name !== `${joinedFile}.cache`) rmSync(`${cacheFolder}/${name}`);
  }
}
