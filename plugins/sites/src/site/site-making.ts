import type { JobCall } from '@gemel/core/sdk';
import { siteEvents } from '../events.js';
import { paths } from '../paths.js';
import { refusal, siteReports } from '../reports.js';
import { siteLogin } from './site-login.js';
import { forget, needStopped, render, type SiteParts } from './site-parts.js';
import { SiteNumbers } from './site-numbers.js';
import type { SiteRecord } from './site-record.js';
import { needSpace } from './site-space.js';
import { needSettled } from './site-trial.js';

export interface NewSite {
  readonly name: string;
  readonly type: string;
  readonly version?: string | undefined;
  readonly port?: number | undefined;
  readonly memoryMiB?: number | undefined;
  readonly cpuPercent?: number | undefined;
  readonly autostart: boolean;
  readonly login?: string | undefined;
  readonly password?: string | undefined;
}

export interface SiteSettings {
  readonly port?: number | undefined;
  readonly memoryMiB?: number | undefined;
  readonly cpuPercent?: number | undefined;
  readonly autostart?: boolean | undefined;
}

/** A site that has nothing yet is small. */
const newSiteBytes = 1024 * 1024;

/**
 * Making, copying, renaming, setting and removing sites.
 *
 * INVARIANT: a folder that is a site is a whole one. It is made under a name that no site can have and renamed at the end;
 * it is removed by renaming it away first. Whatever such a name is left after a crash is removed at the next start.
 */
export class SiteMaking {
  readonly #numbers: SiteNumbers;

  constructor(readonly parts: SiteParts) {
    this.#numbers = new SiteNumbers(parts.store, parts.folders);
  }

  async create(wanted: NewSite, signal: AbortSignal): Promise<SiteRecord> {
    const { store, versions, folders, hooks, guard, commands, events, control, clock, needOnPeer } = this.parts;
    const { name, type } = wanted;
    return guard.alone([name], 'made', async () => {
      await this.#needFree(name);
      const metadata = await versions.need(type, wanted.version);
      await needOnPeer(type, metadata.version);
      const login = await siteLogin(commands, metadata, wanted);
      using numbers = await this.#numbers.holdNew(name, wanted.port);
      const record: SiteRecord = {
        format: 1,
        type,
        version: metadata.version,
        generation: 1,
        port: numbers.port,
        uid: numbers.uid,
        memoryMiB: wanted.memoryMiB ?? metadata.memoryMiB,
        cpuPercent: wanted.cpuPercent ?? metadata.cpuPercent,
        autostart: wanted.autostart,
        login: null,
        ...login?.record,
        createdAt: clock.now(),
        previous: null,
      };
      await needSpace(folders, paths.volume, newSiteBytes, `site ${name}`);
      await this.#make(name, async (work) => {
        const data = `${work}/data/1`;
        await folders.make(data, record.uid);
        const versionFolder = versions.folder(type, metadata.version);
        const run = { site: name, metadata, versionFolder, data, uid: record.uid, memoryMiB: record.memoryMiB, signal };
        await hooks.run({ ...run, hook: 'init', environment: { SITE: name } });
        if (login !== undefined)
          await hooks.run({ ...run, hook: 'login', environment: login.environment, input: login.input });
        await store.writeUnfinished(name, record);
      });
      await (await control()).added(name);
      events.publish(siteEvents.created, { site: name, type, version: record.version, from: null });
      return record;
    });
  }

  async clone(from: string, name: string, call: JobCall): Promise<SiteRecord> {
    const { store, folders, guard, events, control, clock } = this.parts;
    return guard.alone([from, name], 'cloned', async () => {
      const source = await needSettled(this.parts, from);
      await this.#needFree(name);
      await needStopped(this.parts, from, 'cloned');
      using numbers = await this.#numbers.holdNew(name, undefined);
      const record: SiteRecord = {
        ...source,
        generation: 1,
        port: numbers.port,
        uid: numbers.uid,
        autostart: false,
        createdAt: clock.now(),
        previous: null,
      };
      const data = store.data(from, source.generation);
      const bytes = await folders.size(data, call.signal);
      await needSpace(folders, paths.volume, bytes, `a copy of site ${from}`);
      await this.#make(name, async (work) => {
        await folders.copy(data, `${work}/data/1`, {
          signal: call.signal,
          progress: (done) => call.progress(bytes === 0 ? 1 : Math.min(1, done / bytes), `copying the data of ${from}`),
        });
        await folders.give(`${work}/data/1`, record.uid, call.signal);
        await store.writeUnfinished(name, record);
        call.signal.throwIfAborted();
      });
      await (await control()).added(name);
      events.publish(siteEvents.created, { site: name, type: record.type, version: record.version, from });
      return record;
    });
  }

  /** One rename of the folder: nothing of the data is copied, however much there is. */
  async rename(before: string, name: string): Promise<void> {
    const { store, folders, guard, events, control } = this.parts;
    await guard.alone([before, name], 'renamed', async () => {
      await needSettled(this.parts, before);
      await this.#needFree(name);
      await needStopped(this.parts, before, 'renamed');
      await (await control()).removed(before);
      await folders.move(store.folder(before), store.folder(name));
      await forget(this.parts, before);
      await render(this.parts, name);
      await (await control()).added(name);
      events.publish(siteEvents.renamed, { site: name, before });
    });
  }

  /** @returns whether a running site needs a restart to take it up. */
  async set(name: string, settings: SiteSettings): Promise<{ readonly record: SiteRecord; readonly restart: boolean }> {
    const { store, guard, events, units } = this.parts;
    return guard.alone([name], 'set', async () => {
      const before = await needSettled(this.parts, name);
      using _port = settings.port === undefined ? undefined : await this.#numbers.holdPort(name, settings.port);
      const record: SiteRecord = {
        ...before,
        port: settings.port ?? before.port,
        memoryMiB: settings.memoryMiB ?? before.memoryMiB,
        cpuPercent: settings.cpuPercent ?? before.cpuPercent,
        autostart: settings.autostart ?? before.autostart,
      };
      const what = Object.entries(settings).flatMap(([setting, value]) => (value === undefined ? [] : [setting]));
      await store.write(name, record);
      // Budgets are in force at once: systemd reads them anew. While it runs it keeps its port.
      await render(this.parts, name);
      events.publish(siteEvents.changed, { site: name, what });
      const running = ((await units.states()).get(name) ?? 'stopped') !== 'stopped';
      return { record, restart: running && record.port !== before.port };
    });
  }

  async setLogin(name: string, login: string, password: string, signal: AbortSignal): Promise<void> {
    const { store, versions, hooks, guard, commands, events } = this.parts;
    await guard.alone([name], 'given a login', async () => {
      const record = await needSettled(this.parts, name);
      const metadata = await versions.needInstalled(record.type, record.version);
      const wanted = await siteLogin(commands, metadata, { login, password }, record.healthLogin);
      if (wanted === undefined) return;
      await hooks.run({
        site: name,
        hook: 'login',
        metadata,
        versionFolder: versions.folder(record.type, record.version),
        data: store.data(name, record.generation),
        uid: record.uid,
        memoryMiB: record.memoryMiB,
        environment: wanted.environment,
        input: wanted.input,
        signal,
      });
      // Until now the check signed in as before, or not at all, and both still count.
      await store.write(name, { ...record, healthLogin: undefined, ...wanted.record });
      await render(this.parts, name);
      events.publish(siteEvents.changed, { site: name, what: ['login'] });
    });
  }

  /** Also removes a site whose record is damaged. */
  async delete(name: string): Promise<void> {
    const { store, folders, guard, events, control } = this.parts;
    await guard.alone([name], 'deleted', async () => {
      if (!(await store.list()).some((site) => site.name === name))
        throw refusal(siteReports.report('sites.site.unknown', { site: name }, 'name'), 'not-found');
      await needStopped(this.parts, name, 'deleted');
      await (await control()).removed(name);
      await folders.move(store.folder(name), store.gone(name));
      await forget(this.parts, name);
      events.publish(siteEvents.deleted, { site: name });
      await store.removeGone(name);
    });
  }

  /** Whatever happens in between, the folder of the name is a whole site or not there. */
  async #make(name: string, fill: (work: string) => Promise<void>): Promise<void> {
    const { store, folders } = this.parts;
    const work = store.unfinished(name);
    await store.removeUnfinished(name);
    try {
      await fill(work);
      await folders.move(work, store.folder(name));
    } catch (failure) {
      await store.removeUnfinished(name);
      throw failure;
    }
    await render(this.parts, name);
  }

  async #needFree(name: string): Promise<void> {
    if ((await this.parts.store.list()).some((site) => site.name === name))
      throw refusal(siteReports.report('sites.site.exists', { site: name }, 'name'));
  }
}
