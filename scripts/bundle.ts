/**
 * Joins the compiled modules of core and the built-in plugins into one file below build/, laid out like the repository, so that
 * it takes the same relative paths. Loading 500 small modules costs core four times the start-up of Node itself.
 *
 * The modules that somebody asks for by name only pass on what is in it: there is one copy of core, of the SDK and of zod,
 * whoever asks. The `gemel` command is a process of its own and has a file of its own.
 */
import { createHash } from 'node:crypto';
import { cp, glob, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { joinPlugins, lighterPackages, nodeModulesAsTheyAre } from './bundle/plugins.ts';

const repository = join(import.meta.dirname, '..');
const fresh = join(repository, `build.${process.pid}`);
const final = join(repository, 'build');

const kernel = 'core/dist/kernel';
const command = 'core/dist/bin/gemel.js';
const programs = (await find('core/dist/bin/*.js')).filter((path) => path !== command);
const pluginEntries = await find('plugins/*/dist/plugin.js');
const plugins = pluginEntries.map((path) => dirname(dirname(path)));
/** What the programs and third-party plugins import by name. */
const named = [
  `${kernel}/compose-host.js`,
  `${kernel}/compose-guard.js`,
  `${kernel}/compose-settings-trial.js`,
  'core/dist/sdk/index.js',
  'node_modules/zod/index.js',
  ...(await find('plugins/*/dist/contract.js')),
];

try {
  const code = await joinCode();
  const hash = createHash('sha256').update(code).digest('hex').slice(0, 12);
  const joinedFile = `joined-${hash}.cjs`;
  await put(`${kernel}/${joinedFile}`, code);
  await bundle({
    entryPoints: ['scripts/bundle/joined-code.ts'],
    outfile: join(fresh, kernel, 'joined-code.js'),
    define: { joinedFile: JSON.stringify(joinedFile) },
  });
  for (const path of named) await put(path, await passOn(path));
  for (const path of programs) await bundle({ entryPoints: [path], external: ['../kernel/*'], ...inPlace(path) });
  // two files: one that opens the compile cache, and all that is then in it
  await bundle({ entryPoints: [command], external: ['../cli/gemel-command.js'], ...inPlace(command) });
  for (const path of await find('plugins/*/dist/bin/*.js')) await bundle({ entryPoints: [path], ...inPlace(path) });
  const commandCode = 'core/dist/cli/gemel-command.js';
  await bundle({ entryPoints: [commandCode], ...inPlace(commandCode) });
  for (const folder of ['core', ...plugins]) await copy(`${folder}/package.json`);
  // what the loader lends to third-party plugins
  const { version } = JSON.parse(await readFile(join(repository, 'node_modules/zod/package.json'), 'utf8')) as {
    version: string; // as npm wrote it
  };
  const zod = { name: 'zod', version, type: 'module', exports: { '.': './index.js' } };
  await put('node_modules/zod/package.json', JSON.stringify(zod));
  await link('core', 'node_modules/@gemel/core');
  for (const folder of plugins) await link(folder, `node_modules/@gemel/plugin-${folder.slice('plugins/'.length)}`);
  await rm(final, { recursive: true, force: true });
  await rename(fresh, final);
} finally {
  await rm(fresh, { recursive: true, force: true });
}

/** One function that gives the namespaces of the named modules by their paths. */
async function joinCode(): Promise<string> {
  const imports = named.map((path, index) => `import * as module${index} from './${path}';`);
  const table = named.map((path, index) => `${JSON.stringify(path)}: module${index},`);
  // its setting first: schemas ask for it when they are made
  const contents = `import './${kernel}/interpreted-schemas.js';
${imports.join('\n')}
export const namespaces = {${table.join('\n')}};`;
  const { outputFiles } = await bundle({
    stdin: { contents, resolveDir: repository },
    write: false,
    format: 'cjs',
    banner: { js: '(function (module, require, joinedImport, joinedUrl) {' },
    footer: { js: '})' },
    // it is as deep as the modules that it replaces, which find the plugins and the repository from where they are
    define: { 'import.meta.url': 'joinedUrl' },
    // native or loaded on demand
    external: ['koffi', 'dbus-native'],
    // tsyringe as modules, which can be joined, instead of as functions that are called
    mainFields: ['es2015', 'main'],
    plugins: [joinPlugins(repository, pluginEntries), lighterPackages, nodeModulesAsTheyAre],
  });
  const [file] = outputFiles ?? [];
  if (file === undefined) throw new Error('esbuild made no file');
  // only a module may import while it runs; the one that loads this file does it in its place
  return file.text.replaceAll(/(?<![\w.'"`])import\(/g, 'joinedImport(');
}

/** A module with the exports of the joined one. */
async function passOn(path: string): Promise<string> {
  const names = Object.keys(await import(join(repository, path)));
  const from = relative(dirname(path), `${kernel}/joined-code.js`);
  // by other names, since zod has exports such as "catch"
  const taken = names.map((name, index) => `${name}: export${index}`);
  const exported = names.map((name, index) => `export${index} as ${name}`);
  return `import { joined } from ${JSON.stringify(from.startsWith('.') ? from : `./${from}`)};
const { ${taken.join(', ')} } = joined[${JSON.stringify(path)}];
export { ${exported.join(', ')} };
`;
}

async function bundle(options: BuildOptions) {
  return build({
    absWorkingDir: repository,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    logLevel: 'warning',
    plugins: [nodeModulesAsTheyAre],
    ...options,
  });
}

function inPlace(path: string): BuildOptions {
  return { outfile: join(fresh, path) };
}

async function find(pattern: string): Promise<string[]> {
  return (await Array.fromAsync(glob(pattern, { cwd: repository }))).toSorted();
}

async function put(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(fresh, path)), { recursive: true });
  await writeFile(join(fresh, path), content);
}

async function copy(path: string): Promise<void> {
  await mkdir(dirname(join(fresh, path)), { recursive: true });
  await cp(join(repository, path), join(fresh, path));
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(join(fresh, path)), { recursive: true });
  await symlink(join('../..', target), join(fresh, path));
}
