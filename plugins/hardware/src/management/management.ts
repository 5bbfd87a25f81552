import { ApplianceError, type Report } from '@gemel/core/sdk';
import { hardwareReports } from '../reports.js';
import { type Ipmitool, mustAnswer, type NoAnswer, noAnswer } from '../system/ipmitool.js';
import {
  accessScript,
  chooseSlot,
  type Controller,
  differences,
  lastFirstSlot,
  offScript,
  parseController,
  passwordScript,
  passwordVerdict,
  readMoreScript,
  readScript,
  withMoreUsers,
} from './controller.js';
import type { OwnUsers } from './own-users.js';
import type { ManagementSettings } from './schema.js';

export interface ManagementView {
  /** `none`: there is no controller, as in virtual appliances. */
  readonly state: 'none' | 'silent' | 'off' | 'on' | 'differs';
  readonly controller: Controller | null;
  readonly reports: readonly Report[];
}

/** The management controller beside the settings. */
export class Management {
  readonly #ipmitool: Ipmitool;
  readonly #own: OwnUsers;

  constructor(ipmitool: Ipmitool, own: OwnUsers) {
    this.#ipmitool = ipmitool;
    this.#own = own;
  }

  async view(settings: ManagementSettings, signal?: AbortSignal): Promise<ManagementView> {
    const former = await this.#former(settings);
    const controller = await this.#look([settings.user, ...former], signal);
    if ('kind' in controller) {
      if (controller.kind === 'absent') return { state: 'none', controller: null, reports: [] };
      const reports = [hardwareReports.report('hardware.management.silent', { reason: controller.reason })];
      return { state: 'silent', controller: null, reports };
    }
    const found = differences(settings, controller, former);
    const reports = found.map((each) => hardwareReports.report('hardware.management.differs', { ...each }));
    return { state: found.length > 0 ? 'differs' : settings.enabled ? 'on' : 'off', controller, reports };
  }

  /**
   * Users that Gemel made under other names are gone afterwards; those of others are left alone.
   * @throws ApplianceError `unavailable` when it does not answer, `conflict` when it has no room for the user, `engine-failed` when it
   *                        does not take them.
   */
  async apply(settings: ManagementSettings, signal: AbortSignal): Promise<void> {
    const { user, enabled } = settings;
    const known = await this.#own.names();
    const former = known.filter((name) => name !== user);
    const now = await this.#read([user, ...former], signal);
    const slot = enabled ? slotFor(user, now, former) : undefined;
    // One that is switched off may be somebody else's.
    const own = enabled ? [user, ...former] : known;
    await this.#own.keep(own);
    if (slot === undefined) await this.#tell(offScript(settings, now, former), signal);
    else {
      await this.#givePassword(settings, slot, signal);
      await this.#tell(accessScript(settings, now, slot, former), signal);
    }
    const reports = differences(settings, await this.#read([user, ...former], signal), former).map((each) =>
      hardwareReports.report('hardware.management.refused', { ...each }),
    );
    if (reports.length > 0)
      throw new ApplianceError('engine-failed', reports.map(({ text }) => text).join(' '), { reports });
    await this.#own.keep(own.filter((name) => name === user));
  }

  /** Nobody is let in before the password was seen to be the one that was entered: an account that has none yet would be open to all. */
  async #givePassword(settings: ManagementSettings, slot: number, signal: AbortSignal): Promise<void> {
    const reason = passwordVerdict(await this.#tell(passwordScript(settings, slot), signal));
    if (reason === undefined) return;
    const report = hardwareReports.report('hardware.management.password-refused', { user: settings.user, reason });
    throw new ApplianceError('engine-failed', report.text, { reports: [report] });
  }

  async #former({ user }: ManagementSettings): Promise<readonly string[]> {
    return (await this.#own.names()).filter((name) => name !== user);
  }

  /** @throws ApplianceError `unavailable`. */
  async #tell(script: readonly string[], signal: AbortSignal): Promise<string> {
    return mustAnswer(await this.#ipmitool.run(script, signal));
  }

  /** @throws ApplianceError `unavailable`. */
  async #read(names: readonly string[], signal: AbortSignal): Promise<Controller> {
    const controller = await this.#look(names, signal);
    if ('kind' in controller) throw noAnswer(controller);
    return controller;
  }

  /** @param names Of the users that are to be found, if it has them. */
  async #look(names: readonly string[], signal: AbortSignal | undefined): Promise<Controller | NoAnswer> {
    const answer = await this.#ipmitool.run(readScript, signal);
    if (answer.kind !== 'answered') return answer;
    const first = parseController(answer.text);
    if (first === undefined) return { kind: 'silent', reason: 'it says nothing about its network' };
    let found = first;
    for (let last = lastFirstSlot; ; ) {
      const script = readMoreScript(found, names, last);
      if (script.length === 0) return found;
      const more = await this.#ipmitool.run(script, signal);
      if (more.kind !== 'answered') return more;
      const before = found.users.length;
      found = withMoreUsers(found, more.text);
      // Users lie close together; a controller that has room for 63 would be asked for half a minute.
      if (found.users.length === before) return found;
      last += script.length;
    }
  }
}

/** @throws ApplianceError `conflict`. */
function slotFor(user: string, now: Controller, former: readonly string[]): number {
  const slot = chooseSlot(now, user, former);
  if (slot !== undefined) return slot;
  const report = hardwareReports.report('hardware.management.users-full', { user, count: now.users.length });
  throw new ApplianceError('conflict', report.text, { reports: [report] });
}
