import { ApplianceError, type EventDefinition, type EventsAccess, type JobCall } from '@gemel/core/sdk';
import { MemoryFileStore, ScriptedSystem } from '@gemel/core/testing';
import type { SiteControl } from '#sites/run/site-control.js';
import { paths } from '#sites/paths.js';
import { SiteHooks } from '#sites/run/site-hooks.js';
import { SiteUnits } from '#sites/run/site-units.js';
import type { CopyOptions, SiteFolders } from '#sites/site/site-folders.js';
import { SiteGuard } from '#sites/site/site-guard.js';
import { SiteMaking } from '#sites/site/site-making.js';
import type { SiteParts } from '#sites/site/site-parts.js';
import { SitePower } from '#sites/site/site-power.js';
import { SiteStore } from '#sites/site/site-store.js';
import { SiteUpdating } from '#sites/site/site-updating.js';
import type { VersionMetadata } from '#sites/version/version-metadata.js';
import { VersionStore } from '#sites/version/version-store.js';

const systemd = 'org.freedesktop.systemd1';

export function metadataOf(version: string, changes: Partial<VersionMetadata> = {}): VersionMetadata {
  return {
    format: 1,
    type: 'prometheus',
    version,
    title: 'Prometheus',
    command: ['/usr/bin/prometheus', `--web.listen-address=:\${PORT}`],
    health: { path: '-/ready', statuses: [200, 401], startSeconds: 60 },
    hooks: { init: ['/init'], update: ['/update'], login: ['/login'] },
    memoryMiB: 512,
    cpuPercent: 100,
    firmware: '>=0.1.0 <1.0.0',
    image: { file: `prometheus-${version}.squashfs`, bytes: 1_000, sha256: 'a'.repeat(64) },
    ...changes,
  };
}

/** Folders of the scripted files; every file counts as one byte, and a copy can be stopped after some of them. */
export class MemoryFolders implements SiteFolders {
  freeBytes = 10 ** 12;
  sha256 = 'a'.repeat(64);
  /** Called before each file that is copied. */
  beforeCopy: (path: string) => void = () => undefined;

  constructor(readonly files: MemoryFileStore) {}

  #below(path: string): readonly string[] {
    return Object.keys(this.files.contents(path));
  }

  exists(path: string): Promise<boolean> {
    return Promise.resolve(this.#below(path).length > 0);
  }

  isMount(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async owner(path: string): Promise<number | undefined> {
    const owner = await this.files.read(`${path}/owner`);
    return owner === undefined ? undefined : Number(owner);
  }

  async make(path: string, uid: number): Promise<void> {
    await this.files.write(`${path}/owner`, String(uid));
  }

  size(path: string): Promise<number> {
    return Promise.resolve(this.#below(path).length);
  }

  free(): Promise<number> {
    return Promise.resolve(this.freeBytes);
  }

  async copy(from: string, to: string, { signal, progress }: CopyOptions): Promise<void> {
    let done = 0;
    for (const path of this.#below(from)) {
      this.beforeCopy(path);
      signal.throwIfAborted();
      await this.files.write(path.replace(from, to), (await this.files.read(path)) ?? '');
      progress(++done);
    }
  }

  async give(path: string, uid: number): Promise<void> {
    await this.files.write(`${path}/owner`, String(uid));
  }

  async move(from: string, to: string): Promise<void> {
    if (await this.exists(to)) throw new ApplianceError('conflict', `${to} is there already.`);
    for (const path of this.#below(from)) await this.files.rename(path, path.replace(from, to));
  }

  async copyFile(from: string, to: string): Promise<string> {
    await this.files.write(to, (await this.files.read(from)) ?? '');
    return this.sha256;
  }

  async fileSize(path: string): Promise<number | undefined> {
    return (await this.files.read(path))?.length;
  }
}

/** An active appliance with two versions of prometheus and no site. Every program succeeds unless a test scripts it. */
export function newWorld(files: Readonly<Record<string, string>> = {}) {
  const system = new ScriptedSystem({ files });
  system.units.add('gemel-active.target', 'active');
  system.commands.otherwise({ run: () => Promise.resolve({ exitCode: 0, stdout: '', stderr: '' }) });
  system.commands.always(['perl', '-e', /./], `$2y$10$${'x'.repeat(53)}`);
  const running = new Set<string>();
  system.dbus.reply(systemd, `${systemd}.Manager.ListUnitsByPatterns`, () => [
    [...running].map((name) => [`gemel-site@${name}.service`, '', 'loaded', 'active', 'running', '', '/', 0, '', '/']),
  ]);
  for (const version of ['2.42.0', '2.53.3']) {
    system.files.put(
      `/var/lib/gemel/site-versions/prometheus/${version}/version.json`,
      JSON.stringify(metadataOf(version)),
    );
  }
  const told: (readonly [string, unknown])[] = [];
  const events = {
    publish: (definition: EventDefinition<unknown>, payload: unknown) => void told.push([definition.id, payload]),
  } as unknown as EventsAccess; // sites only publish
  const folders = new MemoryFolders(system.files);
  const units = new SiteUnits(system.dbus, system.files);
  /** Names of sites, and versions, that do not become healthy. */
  const failing = new Set<string>();
  const done: string[] = [];
  const control: SiteControl = {
    async start(name) {
      done.push(`start ${name}`);
      const { version } = await parts.store.need(name);
      if (failing.has(name) || failing.has(version)) throw new ApplianceError('engine-failed', 'exit-code');
      running.add(name);
    },
    async stop(name) {
      done.push(`stop ${name}`);
      running.delete(name);
    },
    added: async (name) => void done.push(`added ${name}`),
    removed: async (name) => void done.push(`removed ${name}`),
  };
  const parts: SiteParts = {
    store: new SiteStore(system.files),
    versions: new VersionStore(system.files, '0.1.0'),
    folders,
    hooks: new SiteHooks(system.commands, () => Promise.resolve(true)),
    units,
    control: () => Promise.resolve(control),
    guard: new SiteGuard(system, folders),
    commands: system.commands,
    events,
    clock: system.clock,
    startedByHand: () => system.files.remove(paths.leftMark),
    needOnPeer: () => Promise.resolve(),
  };
  const power = new SitePower(parts);
  const making = new SiteMaking(parts);
  const updating = new SiteUpdating(parts, power);
  return { system, parts, folders, running, failing, told, done, power, making, updating };
}

export type World = ReturnType<typeof newWorld>;

/** A job that notes its progress. */
export function newCall(signal: AbortSignal = new AbortController().signal) {
  const fractions: (number | undefined)[] = [];
  const call: JobCall = {
    caller: { name: 'local:test', role: 'administrator', surface: 'cli', connectedAt: 0 },
    signal,
    jobId: '1',
    progress: (fraction) => void fractions.push(fraction),
    log: () => undefined,
    save: () => Promise.resolve(),
  };
  return { call, fractions };
}

/** Site `demo` with three files of data. */
export async function withDemo(world: World): Promise<World> {
  const { making, system } = world;
  await making.create({ name: 'demo', type: 'prometheus', autostart: true }, new AbortController().signal);
  for (const file of ['prometheus.yml', 'tsdb/1', 'tsdb/2']) {
    system.files.put(`/srv/gemel/sites/demo/data/1/${file}`, file);
  }
  return world;
}

/** `demo` at the older version. */
export async function oldDemo(): Promise<World> {
  const world = await withDemo(newWorld());
  const { store } = world.parts;
  await store.write('demo', { ...(await store.need('demo')), version: '2.42.0' });
  return world;
}

/** `demo`, which was updated before, while another update is tried out. */
export async function tried(): Promise<World> {
  const world = await oldDemo();
  const { store } = world.parts;
  await store.write('demo', {
    ...(await store.need('demo')),
    version: '2.53.3',
    generation: 4,
    previous: { version: '2.42.0', generation: 1 },
    trial: { previous: { version: '2.37.0', generation: 3 } },
  });
  for (const generation of [3, 4]) world.system.files.put(`/srv/gemel/sites/demo/data/${generation}/tsdb/1`, '');
  return world;
}

/** Paths below the sites folder. */
export function siteFiles({ system }: World): readonly string[] {
  return Object.keys(system.files.contents('/srv/gemel/sites')).map((path) => path.slice('/srv/gemel/sites/'.length));
}
