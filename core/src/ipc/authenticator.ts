import type { Role } from '../sdk/actions.js';

export interface Identity {
  /** `user:jane`, `token:backup` */
  readonly name: string;
  readonly role: Role;
}

/** Knows sessions and tokens. Quick and without waiting: it is asked for every request and event that carries one. */
export interface Authenticator {
  /** Undefined when it is unknown, ended or expired. */
  identify(credential: { readonly kind: 'session' | 'token'; readonly secret: string }): Identity | undefined;
}
