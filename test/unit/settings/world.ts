import { ScriptedSystem } from '@gemel/core/testing';
import {
  type Caller,
  defineReports,
  type EngineProperty,
  type FileStore,
  type Report,
  type Section,
  type SectionReference,
} from '@gemel/core/sdk';
import { z } from 'zod';
import type { ActivationResult } from '#core/settings/activation/activation.js';
import { SettingsEngine } from '#core/settings/index.js';

export const stateFolder = '/var/lib/gemel/settings';

/** What the engines of the two sections were last made to believe; outlives a crash of core, not a power loss. */
export interface Kernel {
  network: Readonly<Record<string, string>>;
  servers: string;
  zone: string;
}

export const reports = defineReports({
  'lan.mtu-small': { severity: 'warning', text: 'MTU {mtu} is small.' },
  'lan.port-lost': { severity: 'error', text: '{port} is not there.', forceCode: 'port-lost' },
  'lan.not-reachable': { severity: 'error', text: 'The gateway does not answer.' },
});

const lanSchema = z.object({
  mtu: z.number().int().min(576).max(9000).default(1500).describe('Bytes'),
  bonds: z
    .record(
      z.string().regex(/^bond\d+$/, 'must look like bond0'),
      z.object({ mode: z.enum(['active-backup', '802.3ad']), members: z.array(z.string()) }),
    )
    .default({}),
  routes: z.array(z.object({ to: z.string(), via: z.string() })).default([]),
  key: z.string().default('').meta({ secret: true }),
});
export type Lan = z.infer<typeof lanSchema>;
export const lan: SectionReference<Lan> = { id: 'lan' };

const ntpSchema = z.object({ servers: z.array(z.string()).default([]), zone: z.string().default('UTC') });
export type Ntp = z.infer<typeof ntpSchema>;
export const ntp: SectionReference<Ntp> = { id: 'ntp' };

/** Switches for what goes wrong. */
export interface Trouble {
  probe?: readonly Report[];
  factsThrow?: string | undefined;
  applyThrows?: string | undefined;
  applyHangs?: 'lan' | 'ntp' | undefined;
  /** Of the section `lan`, milliseconds. */
  applyTakes?: number;
  verify?: readonly Report[];
}

export function lanSection(
  system: ScriptedSystem,
  kernel: Kernel,
  trouble: Trouble,
): Section<Lan, { ports: string[] }> {
  return {
    ...lan,
    title: 'Network',
    scope: 'node',
    version: 1,
    schema: lanSchema,
    confirmSeconds: 60,
    order: 10,
    defaults: () => lanSchema.parse({}),
    async readFacts() {
      if (trouble.factsThrow !== undefined) throw new Error(trouble.factsThrow);
      return { ports: ['eth0', 'eth1', 'eth2'] };
    },
    verify: ({ settings, facts }) => [
      ...(trouble.verify ?? []),
      ...(settings.mtu < 1280 ? [reports.report('lan.mtu-small', { mtu: settings.mtu }, 'mtu')] : []),
      ...Object.entries(settings.bonds).flatMap(([bond, { members }]) =>
        members.flatMap((port, index) =>
          facts.ports.includes(port)
            ? []
            : [reports.report('lan.port-lost', { port }, `lan/bonds/${bond}/members/${index}`)],
        ),
      ),
    ],
    render: ({ settings }) => ({ files: lanFiles(settings), properties: [] }),
    plan: ({ changes }) => ({
      units: ['systemd-networkd.service'],
      interruptions:
        changes.length === 0 ? [] : [{ subject: 'lan', kind: 'short', expectedMs: 300, text: 'Links go down.' }],
    }),
    async apply({ rendering }, signal) {
      if (trouble.applyHangs === 'lan') await never(signal);
      if (trouble.applyTakes !== undefined) await system.clock.sleep(trouble.applyTakes);
      await system.units.reloadOrRestart('systemd-networkd.service');
      const contents = await Promise.all(rendering.files.map((file) => system.files.read(file.path)));
      kernel.network = Object.fromEntries(
        rendering.files.map((file, index) => [file.path, contents[index] ?? '(absent)']),
      );
      if (trouble.applyThrows !== undefined) throw new Error(trouble.applyThrows);
    },
    probe: async () => trouble.probe ?? [],
  };
}

export function lanFiles(settings: Lan) {
  return [
    { path: '/run/systemd/network/10-lan.network', content: `MTU=${settings.mtu}\n` },
    {
      path: '/run/systemd/network/20-key.network',
      content: `Key=${settings.key}\n`,
      mode: 0o640,
      group: 'systemd-network',
    },
    ...Object.entries(settings.bonds).map(([name, bond]) => ({
      path: `/run/systemd/network/30-${name}.netdev`,
      content: `Name=${name}\nMode=${bond.mode}\nMembers=${bond.members.join(' ')}\n`,
    })),
  ];
}

export function ntpSection(system: ScriptedSystem, kernel: Kernel, trouble: Trouble): Section<Ntp, null> {
  return {
    ...ntp,
    title: 'Time',
    scope: 'node',
    version: 1,
    schema: ntpSchema,
    order: 20,
    defaults: () => ntpSchema.parse({}),
    readFacts: async () => null,
    verify: () => [],
    render: ({ settings }) => ({
      files: [
        { path: '/etc/ntp/servers.conf', content: settings.servers.map((server) => `server ${server}\n`).join('') },
      ],
      properties: [{ engine: 'timedated', name: 'Timezone', value: settings.zone }] satisfies EngineProperty[],
    }),
    plan: () => ({ units: ['ntp.service'], interruptions: [] }),
    async apply({ settings, rendering }, signal) {
      if (trouble.applyHangs === 'ntp') await never(signal);
      await system.units.restart('ntp.service');
      kernel.servers = (await system.files.read(rendering.files[0]?.path ?? '')) ?? '(absent)';
      kernel.zone = settings.zone;
    },
    probe: async () => [],
  };
}

/** Ignores its signal, as bad plugins do. */
function never(_signal: AbortSignal): Promise<void> {
  return new Promise(() => undefined);
}

/** What the kernel must believe for these settings, wholly. */
export function kernelFor(settings: { readonly lan: Lan; readonly ntp: Ntp }): Kernel {
  return {
    network: Object.fromEntries(lanFiles(settings.lan).map((file) => [file.path, file.content])),
    servers: settings.ntp.servers.map((server) => `server ${server}\n`).join(''),
    zone: settings.ntp.zone,
  };
}

/** What the files on the system must be for these settings, nothing more and nothing less. */
export function filesFor(settings: { readonly lan: Lan; readonly ntp: Ntp }): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(lanFiles(settings.lan).map((file) => [file.path, file.content])),
    '/etc/ntp/servers.conf': kernelFor(settings).servers,
  };
}

export const jane: Caller = { name: 'local:jane', role: 'operator', surface: 'cli', connectedAt: 0 };
export const joe: Caller = { name: 'user:joe', role: 'operator', surface: 'http', connectedAt: 0 };

interface WorldOptions {
  /** Which sections are loaded; both by default. */
  readonly sections?: readonly ('lan' | 'ntp')[];
  readonly wrapFiles?: (files: FileStore) => FileStore;
}

/** One appliance: a scripted host, the two engines, and the settings engine that is running now. */
export class World {
  system = new ScriptedSystem();
  readonly kernel: Kernel = { network: {}, servers: '', zone: '' };
  readonly trouble: Trouble = {};
  readonly events: { readonly id: string; readonly payload: unknown }[] = [];
  /** Whose plugins are there at the next start. */
  loaded: readonly ('lan' | 'ntp')[];
  engine: SettingsEngine;
  #boot = 1;

  constructor(readonly options: WorldOptions = {}) {
    this.#prepare();
    this.loaded = options.sections ?? ['lan', 'ntp'];
    this.engine = this.newEngine();
  }

  /** A world whose first start is over. */
  static async started(options: WorldOptions = {}): Promise<World> {
    const world = new World(options);
    await world.engine.recover();
    world.forget();
    return world;
  }

  newEngine(sections = this.loaded): SettingsEngine {
    const { system, kernel, trouble } = this;
    const engine = new SettingsEngine(this.parts());
    if (sections.includes('lan')) engine.register(lanSection(system, kernel, trouble), { id: 'network', files: ['/'] });
    if (sections.includes('ntp')) engine.register(ntpSection(system, kernel, trouble), { id: 'time', files: ['/'] });
    return engine;
  }

  parts() {
    const { system, events } = this;
    const silent = () => undefined;
    return {
      files: this.options.wrapFiles?.(system.files) ?? system.files,
      units: system.units,
      clock: system.clock,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      publish: (definition: { readonly id: string; readonly schema: z.ZodType }, payload: unknown) => {
        definition.schema.parse(payload);
        if (!system.faults.crashed) events.push({ id: definition.id, payload });
      },
      paths: { stateFolder },
    };
  }

  /** Starts counting steps and events anew. */
  forget(): void {
    this.system.faults.clear();
    this.events.length = 0;
  }

  /** Core was killed and starts again; systemd and its timers go on. */
  async restart(): Promise<void> {
    this.crash();
    await this.engine.recover();
  }

  crash(): void {
    this.system = this.system.afterCrash();
    this.engine = this.newEngine();
  }

  /** Power fails and comes back: the restore unit runs, then core. */
  async powerCycle(): Promise<void> {
    this.powerLoss();
    await this.engine.recover();
  }

  powerLoss(): void {
    this.system = this.system.afterPowerLoss();
    this.#boot++;
    this.#prepare();
    Object.assign(this.kernel, { network: {}, servers: '', zone: '' });
    for (const [path, content] of this.archive()) if (path.startsWith('/run/')) this.system.files.put(path, content);
    this.engine = this.newEngine();
  }

  /** Members of the archive that early boot unpacks. */
  archive(): ReadonlyMap<string, string> {
    const files = this.system.files.entries();
    const target = files.get(`${stateFolder}/confirmed`)?.target;
    const text = files.get(`${stateFolder}/${target}/rendered.tar`)?.content ?? '';
    return untar(Buffer.from(text));
  }

  /** Files that the sections own, on the system. */
  owned(): Readonly<Record<string, string>> {
    return { ...this.system.files.contents('/run'), ...this.system.files.contents('/etc') };
  }

  settings(of: 'confirmed' | 'running' = 'confirmed'): { readonly lan: Lan; readonly ntp: Ntp } {
    const { sections } = this.engine.state;
    const { document } = this.engine.state[of];
    return {
      lan: lanSchema.parse(sections.settingsOf(document, 'lan')),
      ntp: ntpSchema.parse(sections.settingsOf(document, 'ntp')),
    };
  }

  edit(section: 'lan' | 'ntp', change: object, caller = jane): Promise<readonly Report[]> {
    return this.engine.edit({ section, caller, change: (settings) => ({ ...(settings as object), ...change }) });
  }

  activate(caller = jane, force: readonly string[] = []): Promise<ActivationResult> {
    return this.engine.activateDraft({ comment: '', force: new Set(force), confirmSeconds: undefined }, caller);
  }

  eventIds(): readonly string[] {
    return this.events.map((event) => event.id);
  }

  #prepare(): void {
    this.system.files.put('/proc/sys/kernel/random/boot_id', `boot-${this.#boot}\n`);
    for (const unit of ['systemd-networkd.service', 'ntp.service', 'gemel-core.service'])
      this.system.units.add(unit, 'active');
    this.system.units.add('gemel-rollback@.service');
  }
}

/** Reads an archive as tar does, checksums included. */
export function untar(bytes: Buffer): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const header = bytes.subarray(at, at + 512);
    const field = (start: number, length: number) =>
      header
        .subarray(start, start + length)
        .toString('latin1')
        .replace(/[\0 ].*$/s, '');
    const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
    if (sum !== Number.parseInt(field(148, 8), 8)) throw new Error('bad checksum in archive');
    const size = Number.parseInt(field(124, 12), 8);
    const prefix = field(345, 155);
    files.set(
      `/${prefix === '' ? '' : `${prefix}/`}${field(0, 100)}`,
      bytes.subarray(at + 512, at + 512 + size).toString(),
    );
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

/** Revisions 1 (defaults), 2 (MTU 9000) and 3 (zone) are confirmed; MTU 4000 is in the draft. */
export async function lived(): Promise<World> {
  const world = await World.started();
  await world.edit('lan', { mtu: 9000 });
  await world.activate();
  await world.engine.confirm(jane);
  await world.edit('ntp', { zone: 'Europe/Berlin' });
  await world.activate();
  await world.edit('lan', { mtu: 4000 });
  world.forget();
  return world;
}
