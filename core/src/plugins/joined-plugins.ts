/**
 * The built-in plugins' modules by the path of their entry below the folder of the built-in plugins: `time/dist/plugin.js`.
 * Empty in the repository, where each is loaded from its own file; scripts/bundle.ts puts in those that it joins with core.
 */
export const joinedPlugins: ReadonlyMap<string, { readonly default?: unknown }> = new Map();
