import type { Authenticator, Credential, Identity } from '../ipc/authenticator.js';
import {
  ApplianceError,
  type Clock,
  type FileStore,
  type Logger,
  type PasswordCheck,
  type Report,
  type Role,
} from '../sdk/index.js';
import { Lockout, sourceOf } from './lockout.js';
import { PasswordHasher } from './password-hash.js';
import { defaultPasswordRules, type PasswordRules } from './password-rules.js';
import { SessionStore } from './session-store.js';
import { TokenStore } from './token-store.js';
import { UserStore } from './user-store.js';

export interface AccessServiceParts {
  readonly files: FileStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** `/var/lib/gemel` */
  readonly stateFolder: string;
  /** `/run/gemel` */
  readonly runtimeFolder: string;
  /** As they are when a password is set; default built in. */
  readonly passwordRules?: () => PasswordRules;
}

export interface SignedIn {
  readonly session: string;
  readonly name: string;
  readonly role: Role;
}

/** Longer and anybody could keep a user out by trying that name. */
const longestWaitOfUserMs = 60_000;
const longestWaitOfSourceMs = 15 * 60_000;
const freeFailures = 5;

/** Users, their sessions, and tokens. */
export class AccessService implements Authenticator, PasswordCheck {
  readonly users: UserStore;
  readonly tokens: TokenStore;
  readonly sessions: SessionStore;
  readonly #byUser: Lockout;
  readonly #bySource: Lockout;

  constructor({ files, clock, log, stateFolder, runtimeFolder, passwordRules }: AccessServiceParts) {
    const folder = `${stateFolder}/access`;
    const rules = passwordRules ?? (() => defaultPasswordRules);
    this.users = new UserStore({ files, clock, hasher: new PasswordHasher(), folder, rules });
    this.tokens = new TokenStore(files, clock, folder);
    this.sessions = new SessionStore({ files, clock, log, folder: `${runtimeFolder}/access` });
    this.#byUser = new Lockout(clock, { free: freeFailures, longestMs: longestWaitOfUserMs });
    this.#bySource = new Lockout(clock, { free: freeFailures, longestMs: longestWaitOfSourceMs });
  }

  /** @returns what was damaged and set aside. */
  async load(): Promise<readonly Report[]> {
    await this.sessions.load();
    return [...(await this.users.load()), ...(await this.tokens.load())];
  }

  /**
   * @param source Address from which it is tried.
   * @throws ApplianceError `forbidden` without saying which of the two is wrong, `conflict` while locked out,
   *         `unavailable` when too many sign in at once.
   */
  async signIn(name: string, password: string, source: string): Promise<SignedIn> {
    const { role, passwordMark } = await this.#check(name, password, source);
    return { session: await this.sessions.start(name, passwordMark), name, role };
  }

  /** @throws ApplianceError `conflict` while the user or the source is locked out. */
  refuseLockedOut(name: string, source: string): void {
    const waitMs = Math.max(this.#byUser.waitMs(name), this.#bySource.waitMs(sourceOf(source)));
    if (waitMs === 0) return;
    const seconds = Math.ceil(waitMs / 1_000);
    throw new ApplianceError('conflict', `Too many failed sign-ins. Try again in ${seconds} s.`);
  }

  async check(name: string, password: string, source: string): Promise<Role> {
    return (await this.#check(name, password, source)).role;
  }

  identify({ kind, secret }: Credential): Identity | undefined {
    return kind === 'token' ? this.tokens.identify(secret) : this.#identityOf(secret, true);
  }

  isValid({ kind, secret }: Credential): boolean {
    if (kind === 'token') return this.tokens.identify(secret) !== undefined;
    return this.#identityOf(secret, false) !== undefined;
  }

  async #check(name: string, password: string, source: string): Promise<{ role: Role; passwordMark: string }> {
    this.refuseLockedOut(name, source);
    const from = sourceOf(source);
    this.#byUser.attempt(name);
    this.#bySource.attempt(from);
    const passwordMark = await this.users.verify(name, password);
    const user = this.users.find(name);
    // it may have been changed while it was being verified
    if (passwordMark === undefined || user === undefined || passwordMark !== this.users.passwordMark(name)) {
      throw new ApplianceError('forbidden', 'The user name or the password is wrong.');
    }
    this.#byUser.forgive(name, true);
    this.#bySource.forgive(from, false); // one good account must not reset the count for guessing others
    return { role: user.role, passwordMark };
  }

  /** A session counts while the password on which it rests is the user's. */
  #identityOf(secret: string, use: boolean): Identity | undefined {
    const session = this.sessions.find(secret, use);
    const user = session === undefined ? undefined : this.users.find(session.user);
    if (user === undefined || session?.passwordMark !== this.users.passwordMark(user.name)) return undefined;
    return { name: `user:${user.name}`, role: user.role };
  }
}
