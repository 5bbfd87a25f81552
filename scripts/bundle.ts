/**
 * Joins the compiled modules of core and the built-in plugins into few files below build/, laid out like the repository, so
 * that they take the same relative paths. Loading 500 small modules costs core four times the start-up of Node itself.
 *
 * Shared code is in chunks that all entries import, so there is one copy of the SDK, of tsyringe and of zod, whoever asks.
 */
import { cp, glob, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const repository = join(import.meta.dirname, '..');
const fresh = join(repository, `build.${process.pid}`);
const final = join(repository, 'build');

const plugins = await Array.fromAsync(glob('plugins/*', { cwd: repository }));
const entries = [
  ...(await Array.fromAsync(glob('core/dist/bin/*.js', { cwd: repository }))),
  'core/dist/sdk/index.js',
  'node_modules/zod/index.js',
  ...(await Array.fromAsync(glob('plugins/*/dist/{plugin,contract}.js', { cwd: repository }))),
];

try {
  await build({
    absWorkingDir: repository,
    entryPoints: entries,
    outdir: fresh,
    outbase: repository,
    // as deep as the modules they replace, which find the plugins and the repository from where they are
    chunkNames: 'core/dist/kernel/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    keepNames: true,
    // native or loaded on demand
    external: ['koffi', 'dbus-native'],
    banner: {
      js: "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);",
    },
    logLevel: 'warning',
  });
  for (const folder of ['core', ...plugins]) {
    await copy(`${folder}/package.json`);
    await cp(join(repository, folder, 'profiles'), join(fresh, folder, 'profiles'), { recursive: true }).catch(
      ignoreAbsent,
    );
  }
  // what the loader lends to third-party plugins
  const { version } = JSON.parse(await readFile(join(repository, 'node_modules/zod/package.json'), 'utf8')) as {
    version: string; // as npm wrote it
  };
  const zod = { name: 'zod', version, type: 'module', exports: { '.': './index.js' } };
  await writeFile(join(fresh, 'node_modules/zod/package.json'), JSON.stringify(zod));
  await link('core', 'node_modules/@gemel/core');
  for (const folder of plugins) await link(folder, `node_modules/@gemel/plugin-${folder.slice('plugins/'.length)}`);
  await rm(final, { recursive: true, force: true });
  await rename(fresh, final);
} finally {
  await rm(fresh, { recursive: true, force: true });
}

async function copy(path: string): Promise<void> {
  await mkdir(dirname(join(fresh, path)), { recursive: true });
  await cp(join(repository, path), join(fresh, path));
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(join(fresh, path)), { recursive: true });
  await symlink(join('../..', target), join(fresh, path));
}

function ignoreAbsent(failure: unknown): void {
  if ((failure as NodeJS.ErrnoException).code !== 'ENOENT') throw failure;
}
