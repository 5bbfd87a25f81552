import type { Caller } from './actions.js';
import type { Report } from './reports.js';
import type { Scope } from './settings.js';
import { createToken } from './token.js';

/** One section as it travels to another node; whole, with its secrets. */
export interface SharedSection {
  /** Of the section's schema on the node that gives it. */
  readonly version: number;
  readonly settings: unknown;
}

/** Sections of one scope, as one node has them. */
export interface SharedSettings {
  readonly scope: Scope;
  readonly sections: Readonly<Record<string, SharedSection>>;
  /** SHA-256 of each section's settings, hexadecimal: the same on nodes that have the same settings and versions. */
  readonly checksums: Readonly<Record<string, string>>;
  /** The revision in which they are confirmed, or will be. */
  readonly revision: number;
  readonly author: string;
  /** Wall clock of that revision, milliseconds since 1970. */
  readonly at: number;
}

/** Sections of a scope that an activation changes; both sides name the same sections. */
export interface SharedChange {
  readonly before: SharedSettings;
  readonly after: SharedSettings;
}

/** Somebody else who must agree with activations that touch a scope: the other node of a pair. */
export interface ActivationPartner {
  /** Asked before anything is changed here. What is an error refuses the activation. */
  prepare(change: SharedChange, caller: Caller): Promise<readonly Report[]>;
  /** It is in force here and about to be confirmed. @throws ApplianceError when it is not in force there: then it is not confirmed here. */
  commit(change: SharedChange): Promise<void>;
  /** It came to nothing here, before or after `commit`. Never throws. */
  abandon(change: SharedChange): Promise<void>;
}

export interface Adoption {
  readonly state: 'adopted' | 'unchanged';
  readonly revision: number;
}

/** The settings as two nodes exchange them; core provides it. Core knows nothing of who the other node is. */
export interface SettingsExchange {
  /** Confirmed settings of the loaded sections of a scope. */
  confirmed(scope: Scope): SharedSettings;
  /** Everything that this node has to say against taking them over; locks of the scope do not count. */
  verify(shared: SharedSettings): Promise<readonly Report[]>;
  /**
   * Takes settings of another node into force and confirms them at once: whoever made them has seen to that there. Locks of the
   * scope do not count, and what an operator may overrule counts as overruled. Sections that are not loaded here are left alone.
   * @param author Who made them, `user:jane on node1`.
   * @throws ApplianceError `conflict` while an activation is under way here, `invalid` with reports, `engine-failed` when rolled back.
   */
  adopt(shared: SharedSettings, author: string): Promise<Adoption>;
  /** Has a say in activations that touch the scope until it is disposed; never asked about what `adopt` takes over. */
  addPartner(scope: Scope, partner: ActivationPartner): Disposable;
}

export const SettingsExchange = createToken<SettingsExchange>('core.settings-exchange');
