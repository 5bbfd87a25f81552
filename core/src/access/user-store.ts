import { hash } from 'node:crypto';
import { z } from 'zod';
import { ApplianceError, type Clock, type FileStore, type Report, type Role, roles } from '../sdk/index.js';
import type { PasswordHasher } from './password-hash.js';
import { type PasswordRules, passwordReports } from './password-rules.js';
import { notFound, StoredList } from './stored-list.js';

const storedUser = z.object({
  name: z.string(),
  role: z.enum(roles),
  /** argon2id, PHC string format. */
  password: z.string(),
  createdAt: z.number(),
});
type StoredUser = z.infer<typeof storedUser>;

export type User = Omit<StoredUser, 'password'>;

export interface UserStoreParts {
  readonly files: FileStore;
  readonly clock: Clock;
  readonly hasher: PasswordHasher;
  /** `/var/lib/gemel/access` */
  readonly folder: string;
  rules(): PasswordRules;
}

/** The device's own named users. */
export class UserStore {
  readonly #parts: UserStoreParts;
  readonly #list: StoredList<StoredUser>;

  constructor(parts: UserStoreParts) {
    this.#parts = parts;
    const { files, clock, folder } = parts;
    this.#list = new StoredList({ files, clock, path: `${folder}/users.json`, entry: storedUser, what: 'users' });
  }

  load(): Promise<readonly Report[]> {
    return this.#list.load();
  }

  list(): readonly User[] {
    return this.#list.entries.map(({ name, role, createdAt }) => ({ name, role, createdAt }));
  }

  find(name: string): User | undefined {
    return this.list().find((user) => user.name === name);
  }

  /** @throws ApplianceError `conflict` when there is one, `invalid` with reports about the password. */
  async add(name: string, role: Role, password: string): Promise<void> {
    const createdAt = this.#parts.clock.now();
    const user: StoredUser = { name, role, password: await this.#hash(password, name), createdAt };
    await this.#list.change((users) => {
      if (users.some((other) => other.name === name)) {
        throw new ApplianceError('conflict', `There is already a user ${name}.`);
      }
      return [...users, user].sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  /** @throws ApplianceError `not-found`. */
  async remove(name: string): Promise<void> {
    await this.#list.change((users) => {
      requireUser(users, name);
      return users.filter((user) => user.name !== name);
    });
  }

  /** @throws ApplianceError `not-found`, `invalid` with reports. */
  async setPassword(name: string, password: string): Promise<void> {
    requireUser(this.#list.entries, name);
    const hash = await this.#hash(password, name);
    await this.#edit(name, (user) => ({ ...user, password: hash }));
  }

  /** @throws ApplianceError `not-found`. */
  async setRole(name: string, role: Role): Promise<void> {
    await this.#edit(name, (user) => ({ ...user, role }));
  }

  /** Takes equally long for users that do not exist. @returns the mark of the password when it is, or by now was, the user's. */
  async verify(name: string, password: string): Promise<string | undefined> {
    const stored = this.#stored(name)?.password;
    const valid = await this.#parts.hasher.verify(password, stored);
    return valid && stored !== undefined ? markOf(stored) : undefined;
  }

  /** Stands for the password that the user has now: what rests on another mark rests on a password that was changed. */
  passwordMark(name: string): string | undefined {
    const stored = this.#stored(name)?.password;
    return stored === undefined ? undefined : markOf(stored);
  }

  #stored(name: string): StoredUser | undefined {
    return this.#list.entries.find((user) => user.name === name);
  }

  async #edit(name: string, change: (user: StoredUser) => StoredUser): Promise<void> {
    await this.#list.change((users) => {
      requireUser(users, name);
      return users.map((user) => (user.name === name ? change(user) : user));
    });
  }

  async #hash(password: string, user: string): Promise<string> {
    const reports = passwordReports(password, user, this.#parts.rules());
    if (reports.length > 0) throw new ApplianceError('invalid', 'The password does not follow the rules.', { reports });
    return await this.#parts.hasher.hash(password);
  }
}

/** SHA-256 of the stored hash, whose salt is another one each time a password is set. */
function markOf(stored: string): string {
  return hash('sha256', stored);
}

function requireUser(users: readonly StoredUser[], name: string): void {
  if (!users.some((user) => user.name === name)) throw notFound('user', name);
}
