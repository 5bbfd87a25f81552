import type { PluginPackage } from './manifest.js';

/** Those that have sections of the settings, and what they require, directly or not. Pure. */
export function withSections(packages: readonly PluginPackage[]): readonly PluginPackage[] {
  const byId = new Map(packages.map((each) => [each.manifest.id, each]));
  const chosen = new Set<PluginPackage>();
  const choose = (each: PluginPackage | undefined): void => {
    if (each === undefined || chosen.has(each)) return;
    chosen.add(each);
    for (const id of each.manifest.requires) choose(byId.get(id));
  };
  for (const each of packages) if (each.manifest.sections.length > 0) choose(each);
  return packages.filter((each) => chosen.has(each));
}
