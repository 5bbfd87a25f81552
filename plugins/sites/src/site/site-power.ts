import { siteUnit } from '../paths.js';
import { refusal, siteReports } from '../reports.js';
import { render, type SiteParts, stateOfSite } from './site-parts.js';
import { needSettled } from './site-trial.js';

/** Starting and stopping. */
export class SitePower {
  constructor(readonly parts: SiteParts) {}

  async start(name: string): Promise<void> {
    await this.parts.guard.alone([name], 'started', async () => {
      await needSettled(this.parts, name);
      await this.startNow(name);
      await this.parts.startedByHand();
    });
  }

  async stop(name: string): Promise<void> {
    await this.parts.guard.alone([name], 'stopped', async () => {
      await this.parts.store.need(name);
      // An update that runs has proven itself; one that is still starting has not, and is ended with its trial.
      if ((await stateOfSite(this.parts, name)) === 'running') await needSettled(this.parts, name);
      await (await this.parts.control()).stop(name);
      await needSettled(this.parts, name);
    });
  }

  async restart(name: string): Promise<void> {
    await this.parts.guard.alone([name], 'restarted', async () => {
      await needSettled(this.parts, name);
      await this.#needVersion(name);
      // What it is to be started with is rendered once it has ended: until then it has its port.
      await (await this.parts.control()).stop(name);
      await this.startNow(name);
      await this.parts.startedByHand();
    });
  }

  /** For those who hold the site already. */
  async startNow(name: string): Promise<void> {
    await this.#needVersion(name);
    await render(this.parts, name);
    await this.#telling(name, async () => (await this.parts.control()).start(name));
  }

  async #needVersion(name: string): Promise<void> {
    const { type, version } = await this.parts.store.need(name);
    await this.parts.versions.needInstalled(type, version);
  }

  async #telling(site: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (failure) {
      const reason = await this.#lastWords(site);
      const unit = siteUnit(site);
      const report = siteReports.report('sites.site.not-started', { site, reason, unit }, 'name');
      throw Object.assign(refusal(report, 'engine-failed'), { cause: failure });
    }
  }

  /** What the health check found, or else what the site itself said last. */
  async #lastWords(site: string): Promise<string> {
    const argv = ['journalctl', '--unit', siteUnit(site), '--identifier', `gemel-site-${site}`] as const;
    const { stdout } = await this.parts.commands.run([...argv, '--lines=30', '--output=cat', '--quiet']);
    const lines = stdout.trim().split('\n');
    const said = lines.findLast((line) => line.startsWith('not healthy')) ?? lines.at(-1) ?? '';
    return said === '' ? 'It said nothing.' : `It said: ${said.slice(0, 300)}${/[.!?]$/.test(said) ? '' : '.'}`;
  }
}
