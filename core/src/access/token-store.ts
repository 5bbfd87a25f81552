import { hash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ApplianceError, type Clock, type FileStore, type Report, type Role, roles } from '../sdk/index.js';
import type { Identity } from '../ipc/authenticator.js';
import { notFound, StoredList } from './stored-list.js';

const storedToken = z.object({
  name: z.string(),
  role: z.enum(roles),
  /** SHA-256 of the token, hex. The token is 256 random bits, so nothing slower is needed. */
  hash: z.string(),
  createdAt: z.number(),
  createdBy: z.string(),
  /** Wall clock, milliseconds since 1970; null never. */
  expiresAt: z.number().nullable(),
});
type StoredToken = z.infer<typeof storedToken>;

export type ApiToken = Omit<StoredToken, 'hash'>;

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  readonly createdBy: string;
  readonly expiresAt: number | null;
}

/** Lets secret scanners know it. */
const prefix = 'gemel_';
const secretBytes = 32;

/** Tokens for programs; each is shown once, when it is created. */
export class TokenStore {
  readonly #clock: Clock;
  readonly #list: StoredList<StoredToken>;

  constructor(files: FileStore, clock: Clock, folder: string) {
    this.#clock = clock;
    this.#list = new StoredList({ files, clock, path: `${folder}/tokens.json`, entry: storedToken, what: 'tokens' });
  }

  load(): Promise<readonly Report[]> {
    return this.#list.load();
  }

  list(): readonly ApiToken[] {
    return this.#list.entries.map(({ hash: _secret, ...token }) => token);
  }

  /** @returns the token itself. @throws ApplianceError `conflict` when the name is taken. */
  async create(token: NewToken): Promise<string> {
    const secret = `${prefix}${randomBytes(secretBytes).toString('base64url')}`;
    const stored: StoredToken = { ...token, hash: hash('sha256', secret), createdAt: this.#clock.now() };
    await this.#list.change((tokens) => {
      if (tokens.some(({ name }) => name === token.name)) {
        throw new ApplianceError('conflict', `There is already a token ${token.name}. Revoke it first.`);
      }
      return [...tokens, stored];
    });
    return secret;
  }

  /** @throws ApplianceError `not-found`. */
  async revoke(name: string): Promise<void> {
    await this.#list.change((tokens) => {
      if (!tokens.some((token) => token.name === name)) throw notFound('token', name);
      return tokens.filter((token) => token.name !== name);
    });
  }

  identify(secret: string): Identity | undefined {
    const digest = hash('sha256', secret);
    const token = this.#list.entries.find((entry) => entry.hash === digest);
    if (token === undefined || (token.expiresAt !== null && token.expiresAt <= this.#clock.now())) return undefined;
    return { name: `token:${token.name}`, role: token.role };
  }
}
