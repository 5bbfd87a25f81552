/** What scripts/bundle.ts teaches esbuild, each for the start-up time that stands beside it (bare Node: 25 ms). */
import { readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * Makes all these modules share one file: each is entered through a module that imports all of them, so that esbuild, which
 * divides by who reaches what, finds nothing to divide. A file costs 0.4 ms.
 */
export function oneFile(paths: readonly string[]): Plugin {
  const everything = paths.map((path) => `import ${JSON.stringify(path)};`).join('\n');
  return {
    name: 'one file',
    setup(build) {
      build.onResolve({ filter: /.*/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (pluginData === 'resolved' || (kind !== 'entry-point' && kind !== 'dynamic-import')) return undefined;
        const options = { kind: 'import-statement', importer, resolveDir, pluginData: 'resolved' } as const;
        const found = await build.resolve(kind === 'entry-point' ? `./${path}` : path, options);
        if (!paths.includes(found.path)) return undefined;
        return { path: found.path, namespace: 'through-all', pluginData: resolveDir };
      });
      build.onLoad({ filter: /.*/, namespace: 'through-all' }, async ({ path, pluginData }) => {
        const from = JSON.stringify(path);
        const hasDefault = /^export (default |\{.* as default)/m.test(await readFile(path, 'utf8'));
        const contents = `${everything}\nexport * from ${from};\n${hasDefault ? `export { default } from ${from};` : ''}`;
        return { contents, resolveDir: pluginData as string }; // as given above
      });
    },
  };
}

/**
 * Takes Node's modules as they are. An import statement makes Node read every property of the module, and those of
 * node:crypto load half of its code: 8 ms.
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
      const one = (name: string) => `export const ${name} = /* @__PURE__ */ take(${JSON.stringify(name)});`;
      return {
        contents: `const builtin = process.getBuiltinModule(${JSON.stringify(path)});
const take = (name) => builtin[name];
export default builtin;
${names.map(one).join('\n')}`,
      };
    });
  },
};

/** Leaves out what no part of Gemel reaches. */
export const lighterPackages: Plugin = {
  name: 'lighter packages',
  setup(build) {
    // node-ipc speaks TLS too; core has no network socket to speak it on. 14 ms.
    build.onResolve({ filter: /^node:tls$/ }, ({ importer }) =>
      importer.includes('/node_modules/node-ipc/')
        ? { path: 'tls', namespace: 'left-out', sideEffects: false }
        : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({
      contents: `const leftOut = () => { throw new Error('node:tls is left out of core: it has no network socket'); };
export default { connect: leftOut, createServer: leftOut };`,
    }));
    // operators read the reports in English; 300 KB of other languages
    build.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: `export { default as en } from './en.js';`,
    }));
  },
};
