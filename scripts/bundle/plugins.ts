/** What scripts/bundle.ts teaches esbuild, each for the start-up time that stands beside it (bare Node: 25 ms). */
import { readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join, relative } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Takes Node's modules as they are. An import statement makes Node read every property of the module, and those of
 * node:crypto load half of its code: 8 ms; those of node:util open standard error. Modules that the start need not touch are loaded by the first call: 6 ms.
 */
export const nodeModulesAsTheyAre: Plugin = {
  name: 'node modules as they are',
  setup(build) {
    const names = new Set(builtinModules);
    build.onResolve({ filter: /^(node:)?[a-z_/]+$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '');
      if (!names.has(name) || kind === 'dynamic-import') return undefined;
      const namespace = kind === 'require-call' ? 'node-required' : 'node-imported';
      return { path: name, namespace, sideEffects: kind === 'require-call' };
    });
    build.onLoad({ filter: /.*/, namespace: 'node-required' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
    build.onLoad({ filter: /.*/, namespace: 'node-imported' }, async ({ path }) => {
      const names = Object.keys(await import(`node:${path}`)).filter((name) => name !== 'default');
      const contents = loadedByFirstCall.includes(path) ? lazyModule(path, names) : eagerModule(path, names);
      return { contents };
    });
  },
};

const loadedByFirstCall = ['child_process', 'crypto', 'fs/promises'];

/** `take` is pure, so that only the exports that somebody imports are in the file. */
function eagerModule(path: string, names: readonly string[]): string {
  return `const builtin = process.getBuiltinModule(${JSON.stringify(path)});
const take = (name) => builtin[name];
export default builtin;
${names.map((name) => `export const ${name} = /* @__PURE__ */ take(${JSON.stringify(name)});`).join('\n')}`;
}

/** Without a default export and classes: nobody takes them from these modules, and esbuild would say so. */
function lazyModule(path: string, names: readonly string[]): string {
  const functions = names.filter((name) => /^[a-z]/.test(name) && name !== 'constants');
  const constants =
    path === 'fs/promises' ? `export const constants = process.getBuiltinModule('fs').constants;\n` : '';
  return `${constants}let builtin;
const load = () => (builtin ??= process.getBuiltinModule(${JSON.stringify(path)}));
${functions.map((name) => `export function ${name}(...values) { return ${replacement(path, name)}(...values); }`).join('\n')}`;
}

/** What node:fs does by callback needs no node:fs/promises, which loads readline, the history of the REPL and more. */
const byCallback = ['access', 'chmod', 'chown', 'lstat', 'mkdir', 'readFile', 'readdir', 'readlink', 'stat'];

function replacement(path: string, name: string): string {
  if (path !== 'fs/promises' || !byCallback.includes(name)) return `load().${name}`;
  return `((...input) => new Promise((resolve, reject) => process.getBuiltinModule('fs').${name}(...input, (failure, result) => failure ? reject(failure) : resolve(result))))`;
}

/** What core never reaches, by the package that asks for it. */
const unreached: readonly { readonly asked: RegExp; readonly by: string; readonly instead: string }[] = [
  // core has no network socket to speak TLS on: 14 ms
  {
    asked: /^node:tls$/,
    by: '/node_modules/node-ipc/',
    instead: `const leftOut = () => { throw new Error('node:tls is left out of core'); };
export default { connect: leftOut, createServer: leftOut };`,
  },
  // core logs in its own thread: 2 ms
  {
    asked: /^\.\/(lib\/)?transport$/,
    by: '/node_modules/pino/',
    instead: `module.exports = () => { throw new Error('the transports of pino are left out of core'); };`,
  },
  // only transports want to know who called; to find that out V8 makes a table of all lines of the joined file: 3 ms
  { asked: /^\.\/lib\/caller$/, by: '/node_modules/pino/', instead: 'module.exports = () => [];' },
  { asked: /^worker_threads$/, by: '/node_modules/pino/', instead: 'module.exports = { isMainThread: true };' },
  // only loaded when something is wrong: 2 ms
  {
    asked: /^assert$/,
    by: '/node_modules/sonic-boom/',
    instead: `module.exports = (...values) => process.getBuiltinModule('assert')(...values);`,
  },
];

/** Leaves out what no part of Gemel reaches. */
export const lighterPackages: Plugin = {
  name: 'lighter packages',
  setup(build) {
    for (const [index, { asked, by, instead }] of unreached.entries()) {
      const namespace = `unreached-${index}`;
      build.onResolve({ filter: asked }, ({ path, importer }) =>
        importer.includes(by) ? { path, namespace, sideEffects: false } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace }, () => ({ contents: instead }));
    }
    // it makes an instance that nobody uses, and each asks for the user, the host's name and its network interfaces: 0.5 ms
    build.onLoad({ filter: /\/node_modules\/node-ipc\/node-ipc\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace('=new IPCModule;', '=/* @__PURE__ */ new IPCModule();'),
    }));
    // operators read the reports in English; 300 KB of other languages
    build.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: `export { default as en } from './en.js';`,
    }));
  },
};

/** Fills core's table of joined plugins: a file for each, even one that only passes on, costs 1.5 ms. */
export function joinPlugins(repository: string, entries: readonly string[]): Plugin {
  return {
    name: 'join plugins',
    setup(build) {
      build.onLoad({ filter: /\/core\/dist\/plugins\/joined-plugins\.js$/ }, () => {
        const imports = entries.map(
          (entry, index) => `import plugin${index} from ${JSON.stringify(join(repository, entry))};`,
        );
        const pairs = entries.map(
          (entry, index) => `[${JSON.stringify(relative('plugins', entry))}, { default: plugin${index} }]`,
        );
        return { contents: `${imports.join('\n')}\nexport const joinedPlugins = new Map([${pairs.join(', ')}]);` };
      });
    },
  };
}
