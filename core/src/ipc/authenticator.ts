import type { Role } from '../sdk/actions.js';

export interface Credential {
  readonly kind: 'session' | 'token';
  readonly secret: string;
}

export interface Identity {
  /** `user:jane`, `token:backup` */
  readonly name: string;
  readonly role: Role;
}

/** Knows sessions and tokens. Quick and without waiting: it is asked for every request and event that carries one. */
export interface Authenticator {
  /** Counts as use, which prolongs a session. Undefined when it is unknown, ended or expired. */
  identify(credential: Credential): Identity | undefined;
  /** Does not count as use. */
  isValid(credential: Credential): boolean;
}
