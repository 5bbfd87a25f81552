import { ApplianceError, type Report } from '@gemel/core/sdk';
import { hardwareReports } from '../reports.js';
import { type Ipmitool, mustAnswer } from '../system/ipmitool.js';
import { type Controller, differences, parseController, readScript, writeScript } from './controller.js';
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

  constructor(ipmitool: Ipmitool) {
    this.#ipmitool = ipmitool;
  }

  async view(settings: ManagementSettings, signal?: AbortSignal): Promise<ManagementView> {
    const answer = await this.#ipmitool.run(readScript, signal);
    if (answer.kind === 'absent') return { state: 'none', controller: null, reports: [] };
    const controller = answer.kind === 'answered' ? parseController(answer.text) : undefined;
    if (controller === undefined) {
      const reason = answer.kind === 'silent' ? answer.reason : 'it says nothing about its network';
      const reports = [hardwareReports.report('hardware.management.silent', { reason })];
      return { state: 'silent', controller: null, reports };
    }
    const found = differences(settings, controller);
    const reports = found.map((each) => hardwareReports.report('hardware.management.differs', { ...each }));
    return { state: found.length > 0 ? 'differs' : settings.enabled ? 'on' : 'off', controller, reports };
  }

  /** @throws ApplianceError `unavailable` when it does not answer, `engine-failed` when it does not take them. */
  async apply(settings: ManagementSettings, signal: AbortSignal): Promise<void> {
    const read = async () => {
      const controller = parseController(mustAnswer(await this.#ipmitool.run(readScript, signal)));
      if (controller !== undefined) return controller;
      throw new ApplianceError('engine-failed', 'The management controller says nothing about its network.');
    };
    await this.#ipmitool.run(writeScript(settings, await read()), signal);
    const reports = differences(settings, await read()).map((each) =>
      hardwareReports.report('hardware.management.refused', { ...each }),
    );
    if (reports.length === 0) return;
    throw new ApplianceError('engine-failed', reports.map(({ text }) => text).join(' '), { reports });
  }
}
