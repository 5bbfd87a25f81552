import type { Caller } from './actions.js';
import type { Report } from './reports.js';
import type { Scope } from './settings.js';
import { createToken } from './token.js';

export interface FactoryResetOptions {
  /** Sections of these scopes keep their settings; normally `['hardware']`. */
  readonly keepScopes: readonly Scope[];
}

/** What a few built-in plugins may do to the settings as a whole; core provides it. */
export interface SettingsMaintenance {
  /** True while an activation is under way, or awaits confirmation: a restart of the appliance would take it back. */
  readonly activationPending: boolean;
  /**
   * Confirms a new revision of factory defaults and forgets the draft and all older revisions, which may hold secrets of
   * the former owner. Nothing is applied: the caller restarts the appliance, and boot applies what is confirmed.
   * @returns the number of the new revision.
   * @throws ApplianceError `conflict` while an activation is under way or awaits confirmation, or an obstacle stands; core itself,
   * which finishes at the next start what was allowed before, is not stopped by one.
   */
  factoryReset(caller: Caller, options: FactoryResetOptions): Promise<number>;
  /**
   * Locks a scope against edits and activations while `reason` gives a report (which must be an error); asked each time.
   * A cluster locks `cluster` on the passive node.
   */
  addScopeLock(scope: Scope, reason: () => Report | undefined): Disposable;
  /** Refuses a factory reset while `reason` gives a report; asked each time. A node of a cluster has to leave it first. */
  addResetObstacle(reason: () => Report | undefined): Disposable;
}

export const SettingsMaintenance = createToken<SettingsMaintenance>('core.settings-maintenance');
