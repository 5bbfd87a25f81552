import { registerHooks } from 'node:module';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ApplianceError, type Plugin } from '../sdk/index.js';
import { joinedPlugins } from './joined-plugins.js';
import type { PluginPackage } from './manifest.js';

const generationKey = 'gemel-generation';

/**
 * What plugins get from core's own installation: the SDK, other plugins' contracts, and zod, whose schemas core reads and
 * which must therefore be the same copy. No node_modules lies above the data folder, and a copy of a plugin's own would be
 * another one.
 */
const lent = /^(@gemel\/|zod(\/|$))/;

/** Where core's own modules are; joined into few files, built-in plugins import them by relative paths. There is one core. */
const core = new URL('..', import.meta.url).href;

let hooksInstalled = false;

/**
 * Gives every module of a plugin the generation of the module that imports it, so that a reload takes the new code of the
 * whole plugin and not only of its entry; and lends modules with a generation what core has. Installed for the first extra
 * plugin or the first reload: a boot without either does not pay for it.
 */
function installHooks(): void {
  if (hooksInstalled) return;
  hooksInstalled = true;
  registerHooks({
    resolve(specifier, context, next) {
      const { parentURL } = context;
      const generation = parentURL === undefined ? null : new URL(parentURL).searchParams.get(generationKey);
      if (generation === null) return next(specifier, context);
      if (lent.test(specifier)) return next(specifier, { ...context, parentURL: import.meta.url });
      const resolved = next(specifier, context);
      if (!specifier.startsWith('.') || resolved.url.startsWith(core)) return resolved;
      const url = new URL(resolved.url);
      url.searchParams.set(generationKey, generation);
      return { ...resolved, url: url.href };
    },
  });
}

/** Brings a plugin's code into a host. In-process for now; an isolated host implements the same. */
export interface PluginHost {
  /** @param generation 0 at first, more after each reload. @throws ApplianceError `invalid` when the module is no plugin. */
  load(pluginPackage: PluginPackage, generation: number): Promise<Plugin>;
}

export class InProcessHost implements PluginHost {
  async load({ manifest, folder, origin }: PluginPackage, generation: number): Promise<Plugin> {
    const module = await importEntry(folder, manifest.entry, origin, generation);
    if (!isPlugin(module.default)) {
      throw new ApplianceError(
        'invalid',
        `${manifest.entry} of plugin ${manifest.id} has no default export made by definePlugin().`,
      );
    }
    if (module.default.id !== manifest.id) {
      throw new ApplianceError(
        'invalid',
        `${manifest.entry} defines plugin ${module.default.id}, but its manifest says ${manifest.id}.`,
      );
    }
    return module.default;
  }
}

async function importEntry(
  folder: string,
  entry: string,
  origin: PluginPackage['origin'],
  generation: number,
): Promise<{ readonly default?: unknown }> {
  if (origin === 'built-in') {
    const joined = joinedPlugins.get(join(basename(folder), entry));
    if (joined !== undefined) return joined;
  }
  const url = pathToFileURL(`${folder}/${entry}`);
  if (origin === 'extra' || generation > 0) {
    installHooks();
    url.searchParams.set(generationKey, String(generation));
  }
  return import(url.href);
}

function isPlugin(value: unknown): value is Plugin {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'activate' in value &&
    typeof value.activate === 'function'
  );
}
