import 'reflect-metadata';
import { EventBus } from '#core/bus/event-bus.js';
import { ActionRegistry } from '#core/actions/action-registry.js';
import { JobRegistry } from '#core/jobs/job-registry.js';
import { HealthRegistry } from '#core/kernel/health-registry.js';
import { type PluginPackage, parsePluginPackage } from '#core/plugins/manifest.js';
import { PluginRegistry } from '#core/plugins/plugin-registry.js';
import { PluginStateFile } from '#core/plugins/plugin-state-file.js';
import { StatusRegistry } from '#core/status/status-registry.js';
import type { Plugin } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import { container as globalContainer } from 'tsyringe';
import { collectingLog } from '../kernel/collecting-log.js';
import { memoryUploadStore } from '../uploads/memory-upload-store.js';

export const pluginPackage = (id: string, more: object = {}, origin: PluginPackage['origin'] = 'built-in') =>
  parsePluginPackage(
    JSON.stringify({
      version: '1.0.0',
      gemel: { id, title: id, core: '^0.1.0', entry: './dist/plugin.js', ...more },
    }),
    `/plugins/${id}`,
    origin,
  );

/** A registry over plugins that are given as objects. */
export function world(
  plugins: Readonly<Record<string, Plugin['activate']>>,
  files: Readonly<Record<string, string>> = {},
) {
  const system = new ScriptedSystem({ files });
  const { log, lines } = collectingLog();
  const bus = new EventBus(system.clock, log);
  const status = new StatusRegistry(bus, system.clock, log);
  const audit = { begin: async () => '', end: async () => {}, refused: async () => {} };
  const jobs = new JobRegistry({ files: system.files, clock: system.clock, bus, log, audit, folder: '/jobs' });
  const uploads = memoryUploadStore(system, log);
  const actions = new ActionRegistry(jobs, audit, system.clock, uploads);
  const health = new HealthRegistry(system.clock);
  const around = {
    bus,
    status,
    actions,
    health,
    log,
    settings: {
      accessFor: () => {
        throw new Error('no settings in this test');
      },
    },
    systemFor: () => system,
    dataFolderFor: (id: string) => `/data/${id}`,
  };
  const settings = {
    add: () => {},
    confirmed: () => {},
    running: () => {},
    draft: () => {},
    edit: () => {},
    onApplied: () => {},
  };
  const stateFile = new PluginStateFile(system.files, '/state/plugin-state.json');
  const generations: string[] = [];
  const host = {
    load: async ({ manifest }: PluginPackage, generation: number): Promise<Plugin> => {
      generations.push(`${manifest.id} ${generation}`);
      const activate = plugins[manifest.id];
      if (activate === undefined) throw new Error(`no module ${manifest.id}`);
      return { id: manifest.id, activate };
    },
  };
  const registry = new PluginRegistry(
    host,
    // the fake settings door is never used by these plugins
    { ...around, settings: { accessFor: () => settings as never } },
    globalContainer.createChildContainer(),
    stateFile,
    { clock: system.clock, coreVersion: '0.1.0' },
  );
  const conditions = () => Object.fromEntries(registry.list().map(({ id, condition }) => [id, condition]));
  const residue = async () => ({
    listeners: bus.listenerCount,
    statuses: status.definitions().length,
    actions: (await actions.describe('administrator')).length,
    timers: system.clock.pending,
  });
  return { registry, bus, status, actions, system, stateFile, lines, generations, conditions, residue };
}
