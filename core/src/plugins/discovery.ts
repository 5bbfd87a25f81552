import { ApplianceError, asApplianceError, type FileStore } from '../sdk/index.js';
import { type PluginPackage, parsePluginPackage } from './manifest.js';

export interface Discovered {
  readonly packages: readonly PluginPackage[];
  /** Folders that hold no usable plugin, with the reason. */
  readonly refused: readonly { readonly folder: string; readonly reason: string }[];
}

/** Reads the manifests of all plugin packages. Of two with one id the built-in wins: an extra cannot pose as it. */
export async function discoverPlugins(files: FileStore, builtIn: string, extra: string): Promise<Discovered> {
  const packages = new Map<string, PluginPackage>();
  const refused: { folder: string; reason: string }[] = [];
  for (const [origin, parent] of [
    ['built-in', builtIn],
    ['extra', extra],
  ] as const) {
    const names = await files.list(parent);
    const found = await Promise.all(names.map(async (name) => readPackage(files, `${parent}/${name}`, origin)));
    for (const result of found) {
      if (result === undefined) continue;
      if ('reason' in result) refused.push(result);
      else if (packages.has(result.manifest.id)) {
        refused.push({ folder: result.folder, reason: `There is another plugin with the id ${result.manifest.id}.` });
      } else packages.set(result.manifest.id, result);
    }
  }
  return { packages: [...packages.values()], refused };
}

async function readPackage(
  files: FileStore,
  folder: string,
  origin: PluginPackage['origin'],
): Promise<PluginPackage | { folder: string; reason: string } | undefined> {
  try {
    const text = await files.read(`${folder}/package.json`);
    if (text === undefined) {
      if (origin === 'built-in') return undefined;
      throw new ApplianceError('invalid', `${folder} has no package.json. Remove the folder or complete the plugin.`);
    }
    return parsePluginPackage(text, folder, origin);
  } catch (thrown) {
    return { folder, reason: asApplianceError(thrown).message };
  }
}
