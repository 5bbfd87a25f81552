import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cached, contentKey } from '../firmware/cache.ts';
import { mustRun, ToolError } from '../firmware/run-command.ts';
import { readRecipe, type Recipe, suiteOf } from './recipe.ts';

/** Every image has these: systemd mounts over them, and cannot make them where nothing can be written. */
const MOUNT_POINTS = ['data', 'dev', 'proc', 'run', 'sys', 'tmp', 'var/tmp'];
const MOUNTED_FILES = ['etc/resolv.conf', 'etc/hosts', 'etc/localtime', 'etc/ssl/certs/ca-certificates.crt'];
/** As Debian has them since /usr was merged. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64'];

const DESCRIPTION = 'usr/lib/gemel-site/version.json';

/** Builds a version from Debian's packages. @returns path of the describing file; the image is beside it. */
export async function buildSiteVersion(
  type: string,
  version: string,
  out: string,
  say: (line: string) => void,
): Promise<string> {
  const recipe = await readRecipe(type);
  const suite = suiteOf(recipe, type, version);
  await mkdir(out, { recursive: true });
  const work = await mkdtemp(join(tmpdir(), 'gemel-site-type-'));
  try {
    return await build({ type, recipe, suite, work, out, say });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The same, built once and kept like the layers of the firmware. */
export async function cachedSiteVersion(type: string, version: string, say: (line: string) => void): Promise<string> {
  const inputs = [join(import.meta.dirname, type), import.meta.filename];
  const key = await contentKey(inputs, [version]);
  const { path } = await cached('site-version', key, async (folder) => {
    await buildSiteVersion(type, version, folder, say);
  });
  const description = (await readdir(path)).find((name) => name.endsWith('.json'));
  if (description === undefined) throw new ToolError(`${path} has no version in it: remove it`);
  return join(path, description);
}

interface Build {
  readonly type: string;
  readonly recipe: Recipe;
  readonly suite: string;
  readonly work: string;
  readonly out: string;
  readonly say: (line: string) => void;
}

async function build({ type, recipe, suite, work, out, say }: Build): Promise<string> {
  const packages = join(work, 'packages');
  const root = join(work, 'root');
  say(`${type}: fetching packages of Debian ${suite}`);
  const options = ['--variant=extract', '--quiet', `--include=${recipe.packages.join(',')}`];
  const without = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', ...(recipe.drop ?? [])];
  await mustRun([
    'mmdebstrap',
    ...options,
    ...without.map((each) => `--dpkgopt=path-exclude=${each}`),
    ...(recipe.include ?? []).map((each) => `--dpkgopt=path-include=${each}`),
    suite,
    packages,
  ]);
  await arrange(packages, root, recipe);
  await cp(join(import.meta.dirname, type, 'files'), root, { recursive: true, force: true });
  await mustRun(['chown', '--recursive', '--no-dereference', '0:0', root]);
  // Each site has a user of its own, which is none of the packages'.
  await mustRun(['chmod', '--recursive', 'a+rX', root]);

  const said = await mustRun(['chroot', root, ...recipe.versionCommand]);
  const version = new RegExp(recipe.versionPattern).exec(said)?.[1];
  if (version === undefined) throw new ToolError(`${recipe.versionCommand.join(' ')} says no version:\n${said}`);
  const described = { format: 1, type, version, ...recipe.metadata };
  await mkdir(dirname(join(root, DESCRIPTION)), { recursive: true });
  await writeFile(join(root, DESCRIPTION), `${JSON.stringify(described, null, 2)}\n`);

  const name = `${type}-${version}`;
  const image = join(out, `${name}.squashfs`);
  say(`${type}: packing ${version}`);
  // Times of the image's making and of its files are left out: the same packages give the same image.
  const squash = ['-noappend', '-quiet', '-no-progress', '-comp', 'zstd', '-Xcompression-level', '19'];
  await mustRun(['mksquashfs', root, image, ...squash, '-all-time', '0', '-mkfs-time', '0']);
  const { size } = await stat(image);
  const file = join(out, `${name}.json`);
  const description = {
    ...described,
    image: { file: `${name}.squashfs`, bytes: size, sha256: await sha256(image) },
  };
  await writeFile(file, `${JSON.stringify(description, null, 2)}\n`);
  return file;
}

async function arrange(packages: string, root: string, recipe: Recipe): Promise<void> {
  for (const name of MERGED) {
    await mkdir(join(root, 'usr', name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  for (const path of recipe.keep ?? (await readdir(packages))) {
    if (recipe.keep === undefined && (MERGED.includes(path) || path === 'dev')) continue;
    await copyFrom(packages, path, root, recipe.keep !== undefined);
  }
  // Debian 12 still has some of its files outside /usr.
  if (recipe.keep === undefined)
    for (const name of MERGED) await copyFrom(packages, name, join(root, 'usr'), false).catch(absent);
  const busybox = join(root, 'usr/bin/busybox');
  await copyFrom(packages, 'usr/bin/busybox', root, true);
  for (const applet of recipe.applets ?? [])
    await symlink('busybox', join(dirname(busybox), applet)).catch(alreadyThere);
  for (const folder of MOUNT_POINTS) await mkdir(join(root, folder), { recursive: true });
  for (const file of MOUNTED_FILES) {
    await mkdir(join(root, dirname(file)), { recursive: true });
    await rm(join(root, file), { force: true });
    await writeFile(join(root, file), '');
  }
}

/** Copies what is at `path`, or for /usr/x also at /x; to the same place. */
async function copyFrom(from: string, path: string, to: string, followLinks: boolean): Promise<void> {
  const sources = [join(from, path), join(from, path.replace(/^usr\//, ''))];
  const found = (await Promise.all(sources.map(exists))).indexOf(true);
  const source = sources[found];
  if (source === undefined) throw new ToolError(`none of the packages has /${path}`);
  await mkdir(dirname(join(to, path)), { recursive: true });
  const followed = followLinks ? ['--dereference'] : [];
  await mustRun(['cp', '--recursive', '--preserve=mode', ...followed, '--no-target-directory', source, join(to, path)]);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function absent(failure: unknown): void {
  if (!(failure instanceof ToolError)) throw failure;
}

function alreadyThere(failure: NodeJS.ErrnoException): void {
  if (failure.code !== 'EEXIST') throw failure;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
