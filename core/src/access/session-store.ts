import { hash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock, FileStore, Logger } from '../sdk/index.js';
import { StoredList } from './stored-list.js';

const storedSession = z.object({
  user: z.string(),
  /** Mark of the password it rests on: a sign-in may end after the password was changed. */
  passwordMark: z.string(),
  /** SHA-256 of the secret, hex. */
  hash: z.string(),
  /** Monotonic milliseconds: a clock that jumps ends no session and prolongs none. */
  startedAt: z.number(),
});
type StoredSession = z.infer<typeof storedSession>;

/** Without a request for this long it ends: somebody left the desk. */
export const sessionIdleMs = 30 * 60_000;
/** A working day; then the password again. */
export const sessionLongestMs = 12 * 3_600_000;
const mostPerUser = 20;

export interface SessionStoreParts {
  readonly files: FileStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** `/run/gemel/access`: kept over a restart of core, gone with the power. */
  readonly folder: string;
}

/** Operators who signed in. */
export class SessionStore {
  readonly #parts: SessionStoreParts;
  readonly #list: StoredList<StoredSession>;
  /** Last use by hash. Not on disk: after a restart of core everybody gets a new idle time. */
  readonly #usedAt = new Map<string, number>();

  constructor(parts: SessionStoreParts) {
    this.#parts = parts;
    const { files, clock, folder } = parts;
    this.#list = new StoredList({
      files,
      clock,
      path: `${folder}/sessions.json`,
      entry: storedSession,
      what: 'sessions',
    });
  }

  async load(): Promise<void> {
    const reports = await this.#list.load();
    for (const { code, text } of reports) this.#parts.log.warn({ code }, text);
    const now = this.#parts.clock.monotonic();
    for (const { hash: digest } of this.#list.entries) this.#usedAt.set(digest, now);
  }

  /** @returns the secret that stands for it. */
  async start(user: string, passwordMark: string): Promise<string> {
    const secret = randomBytes(32).toString('base64url');
    const now = this.#parts.clock.monotonic();
    const started: StoredSession = { user, passwordMark, hash: hash('sha256', secret), startedAt: now };
    await this.#list.change((sessions) => {
      const others = sessions.filter((session) => this.#alive(session));
      const own = others.filter((session) => session.user === user).slice(-mostPerUser + 1);
      return [...others.filter((session) => session.user !== user), ...own, started];
    });
    this.#usedAt.set(started.hash, now);
    this.#forgetUses();
    return secret;
  }

  /** While it lasts. `use` prolongs the idle time. */
  find(secret: string, use: boolean): Pick<StoredSession, 'user' | 'passwordMark'> | undefined {
    const digest = hash('sha256', secret);
    const session = this.#list.entries.find((entry) => entry.hash === digest);
    if (session === undefined || !this.#alive(session)) return undefined;
    if (use) this.#usedAt.set(digest, this.#parts.clock.monotonic());
    return session;
  }

  /** Unknown is fine. */
  async end(secret: string): Promise<void> {
    const digest = hash('sha256', secret);
    await this.#list.change((sessions) => sessions.filter((session) => session.hash !== digest));
    this.#forgetUses();
  }

  async endAllOf(user: string): Promise<void> {
    await this.#list.change((sessions) => sessions.filter((session) => session.user !== user));
    this.#forgetUses();
  }

  #alive({ hash: digest, startedAt }: StoredSession): boolean {
    const now = this.#parts.clock.monotonic();
    // a start in the future is of another boot
    if (startedAt > now || now - startedAt >= sessionLongestMs) return false;
    return now - (this.#usedAt.get(digest) ?? startedAt) < sessionIdleMs;
  }

  #forgetUses(): void {
    const known = new Set(this.#list.entries.map((session) => session.hash));
    for (const digest of this.#usedAt.keys()) if (!known.has(digest)) this.#usedAt.delete(digest);
  }
}
