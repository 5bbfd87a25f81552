import { ApplianceError, type Clock, type CommandRunner } from '@gemel/core/sdk';
import type { SiteControl } from '../run/site-control.js';
import type { SiteState, SiteUnits } from '../run/site-units.js';
import {
  everythingOf,
  resourceName,
  roleConfiguration,
  siteConfiguration,
  sitesIn,
  type TargetRole,
} from './site-resource.js';

/** Past the longest start that a version may ask for, and its stop after that. */
const waitMs = 105_000;
const lookEveryMs = 200;
const commandMs = 15_000;
/** No such resource or element (CRM_EX_NOSUCH). */
const notThere = 105;

/** Pacemaker by its own tools, so that `crm_mon`, `pcs` and `crmsh` see the same and may change it. */
export class PacemakerControl implements SiteControl {
  constructor(
    readonly commands: CommandRunner,
    readonly units: SiteUnits,
    readonly clock: Clock,
  ) {}

  /** The one who starts it by hand learns what is wrong; nothing else moves for it. */
  async start(name: string): Promise<void> {
    await this.#needResource(name);
    if ((await this.#state(name)) !== 'running') {
      // Failures of before would keep it from being tried.
      await this.#run(['crm_resource', '--cleanup', '--resource', resourceName(name)]);
      await this.#tell(name, 'Started', false);
      if (!(await this.#hasStarted(name))) {
        await this.#tell(name, 'Stopped', false);
        throw new ApplianceError('engine-failed', `Pacemaker could not start ${resourceName(name)}.`);
      }
    }
    await this.#tell(name, 'Started', true);
  }

  async stop(name: string): Promise<void> {
    await this.#needResource(name);
    await this.#tell(name, 'Stopped', false);
    const end = this.clock.monotonic() + waitMs;
    while (this.clock.monotonic() < end) {
      const state = await this.#state(name);
      if (state === 'stopped' || state === 'failed') return;
      await this.clock.sleep(lookEveryMs);
    }
    throw new ApplianceError('timeout', `Pacemaker did not stop ${resourceName(name)} within ${waitMs / 1_000} s.`);
  }

  async added(name: string): Promise<void> {
    await this.put(name, 'Stopped', false);
  }

  async removed(name: string): Promise<void> {
    await this.#run(['cibadmin', '--delete-all', '--force', '--xpath', everythingOf(name)]);
  }

  /** Sites that have a resource. */
  async sites(): Promise<readonly string[]> {
    return sitesIn(await this.#resources());
  }

  /** A resource that is not there yet. */
  async put(name: string, role: TargetRole, critical: boolean): Promise<void> {
    await this.#merge(siteConfiguration(name, role, critical, await this.#resources()));
  }

  async #resources(): Promise<readonly string[]> {
    const list = await this.#run(['crm_resource', '--list-raw']);
    return list.split('\n').map((line) => line.trim());
  }

  /** One whose resource somebody removed, or a crash left without. */
  async #needResource(name: string): Promise<void> {
    if (!(await this.sites()).includes(name)) await this.added(name);
  }

  async #tell(name: string, role: TargetRole, critical: boolean): Promise<void> {
    await this.#merge(roleConfiguration(name, role, critical));
  }

  async #merge(xml: string): Promise<void> {
    await this.#run(['cibadmin', '--modify', '--allow-create', '--scope', 'configuration', '--xml-text', xml]);
  }

  async #state(name: string): Promise<SiteState> {
    return (await this.units.states()).get(name) ?? 'stopped';
  }

  async #hasStarted(name: string): Promise<boolean> {
    const end = this.clock.monotonic() + waitMs;
    while (this.clock.monotonic() < end) {
      if ((await this.#state(name)) === 'running') return true;
      if (await this.#hasFailed(name)) return false;
      await this.clock.sleep(lookEveryMs);
    }
    return false;
  }

  async #hasFailed(name: string): Promise<boolean> {
    const picture = await this.#run(['crm_mon', '--output-as=xml', '--include=none,failures']);
    return picture.includes(`op_key="${resourceName(name)}_start_0"`);
  }

  async #run(argv: readonly [string, ...string[]]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.commands.run(argv, { timeoutMs: commandMs });
    if (exitCode === 0 || exitCode === notThere) return stdout;
    throw new ApplianceError('engine-failed', `${argv[0]} refused: ${stderr.trim() || `exit code ${exitCode}`}`);
  }
}
