/**
 * Joins the compiled modules of core and the built-in plugins into few files below build/, laid out like the repository, so
 * that they take the same relative paths. Loading 500 small modules costs core four times the start-up of Node itself.
 *
 * Core, SDK, zod and the plugins are one file, which the files that the loader asks for by name only pass on: there is one copy
 * of everything, whoever asks. The `gemel` command is a process of its own and has a file of its own.
 */
import { cp, glob, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { joinPlugins, lighterPackages, nodeModulesAsTheyAre, oneFile } from './bundle-plugins.ts';

const repository = join(import.meta.dirname, '..');
const fresh = join(repository, `build.${process.pid}`);
const final = join(repository, 'build');

const plugins = await Array.fromAsync(glob('plugins/*', { cwd: repository }));
const pluginEntries = await Array.fromAsync(glob('plugins/*/dist/plugin.js', { cwd: repository }));
const command = 'core/dist/bin/gemel.js';
const programs = (await Array.fromAsync(glob('core/dist/bin/*.js', { cwd: repository }))).filter(
  (path) => path !== command,
);
/** What the loader imports by name; third-party plugins have SDK and contracts from here too. */
const named = [
  'core/dist/sdk/index.js',
  ...pluginEntries,
  ...(await Array.fromAsync(glob('plugins/*/dist/contract.js', { cwd: repository }))),
];

try {
  // what of zod only third-party plugins use stays out of the one file
  await bundle([...programs, ...named, 'node_modules/zod/index.js'], {
    splitting: true,
    // as deep as the modules they replace, which find the plugins and the repository from where they are
    chunkNames: 'core/dist/kernel/[name]-[hash]',
    // native or loaded on demand
    external: ['koffi', 'dbus-native'],
    plugins: [
      oneFile(['core/dist/kernel/compose-host.js', ...named].map((path) => join(repository, path))),
      joinPlugins(repository, pluginEntries),
      lighterPackages,
      nodeModulesAsTheyAre,
    ],
  });
  // two files: one that opens the compile cache, and all that is then in it
  await bundle([command], { external: ['../cli/gemel-command.js'] });
  await bundle(['core/dist/cli/gemel-command.js'], { plugins: [nodeModulesAsTheyAre] });
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

async function bundle(entryPoints: readonly string[], options: BuildOptions): Promise<void> {
  await build({
    absWorkingDir: repository,
    entryPoints: [...entryPoints],
    outdir: fresh,
    outbase: repository,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // tsyringe as modules, which can be joined, instead of as functions that are called
    mainFields: ['es2015', 'main'],
    logLevel: 'warning',
    ...options,
  });
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
