import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { manifestSchema, PluginPackage } from '../plugins/manifest.js';
import { InProcessHost, type PluginHost } from '../plugins/module-loader.js';
import type { Plugin } from '../sdk/index.js';
import type { MemoryFileStore } from './memory-file-store.js';
import { Declared, recorded } from './recording-context.js';

type ManifestInput = z.input<typeof manifestSchema>;

/** A plugin that is written in the test. */
export interface TestPlugin {
  /** Title, core range and entry are filled in. */
  readonly manifest: Partial<ManifestInput> & Pick<ManifestInput, 'id'>;
  readonly activate: Plugin['activate'];
  readonly deactivate?: Plugin['deactivate'];
  /** `extra` plugins are activated one after the other and remembered when they stop core. Default `built-in`. */
  readonly origin?: PluginPackage['origin'];
}

/** A plugin as an object, or the absolute folder of a package, built where it needs building. */
export type PluginUnderTest = TestPlugin | string;

const parents = { 'built-in': '/usr/lib/gemel/plugins', extra: '/var/lib/gemel/plugins' } as const;

/** Brings plugins into a scripted world: manifests into its file store, code from objects or from the machine's disk. */
export class TestPluginHost implements PluginHost {
  readonly #objects = new Map<string, TestPlugin>();
  readonly #folders = new Map<string, string>();
  readonly #real = new InProcessHost();
  #loading: Promise<unknown> | undefined;
  /** What each plugin declared when it was activated last, by id. */
  readonly declared = new Map<string, Declared>();

  /** Resolves when no module is being read: reading takes real time, in which the clock of the world must not go on. */
  async idle(): Promise<void> {
    while (this.#loading !== undefined) await this.#loading.catch(() => undefined);
  }

  /** Puts the package where core discovers it, as it is now. @returns its id. */
  async install(plugin: PluginUnderTest, files: MemoryFileStore): Promise<string> {
    if (typeof plugin === 'string') {
      const text = await readFile(join(plugin, 'package.json'), 'utf8');
      // what is no plugin's is refused by discovery, with the reason
      const { id } = (JSON.parse(text) as { readonly gemel: { readonly id: string } }).gemel;
      this.#folders.set(id, plugin);
      files.put(`${parents['built-in']}/${id}/package.json`, text);
      return id;
    }
    const { manifest, origin = 'built-in' } = plugin;
    const gemel = { title: manifest.id, core: '*', entry: './plugin.js', ...manifest };
    this.#objects.set(manifest.id, plugin);
    files.put(`${parents[origin]}/${manifest.id}/package.json`, JSON.stringify({ version: '1.0.0', gemel }));
    return manifest.id;
  }

  /** Takes the package away; `plugin.rescan` ends the plugin. */
  async uninstall(id: string, files: MemoryFileStore): Promise<void> {
    for (const parent of Object.values(parents)) await files.remove(`${parent}/${id}`);
  }

  async load(pluginPackage: PluginPackage, generation: number): Promise<Plugin> {
    const declared = new Declared();
    this.declared.set(pluginPackage.manifest.id, declared);
    return recorded(await this.#read(pluginPackage, generation), declared);
  }

  async #read(pluginPackage: PluginPackage, generation: number): Promise<Plugin> {
    const { id } = pluginPackage.manifest;
    const object = this.#objects.get(id);
    if (object !== undefined) {
      const { activate, deactivate } = object;
      return { id, activate, ...(deactivate === undefined ? {} : { deactivate }) };
    }
    const folder = this.#folders.get(id) ?? pluginPackage.folder;
    const before = this.#loading;
    const loading = Promise.allSettled([before, this.#real.load({ ...pluginPackage, folder }, generation)]);
    this.#loading = loading;
    const [, loaded] = await loading;
    if (this.#loading === loading) this.#loading = undefined;
    if (loaded.status === 'rejected') throw loaded.reason;
    return loaded.value;
  }
}
