import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { ApplianceError } from '../sdk/index.js';

/** OWASP's password storage cheat sheet: argon2id, 19 MiB, two passes, one lane; 35 ms here. */
const memoryKib = 19_456;
const passes = 2;
const parallelism = 1;
const tagLength = 32;
const saltLength = 16;

/** Each takes a thread and 19 MiB; the thread pool, which files need too, has four. */
const atOnce = 2;
const mostWaiting = 32;

const derive = promisify(argon2);
const format = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/;

/** Makes and checks password hashes in the PHC string format, a few at a time, so that a flood of sign-ins stays a queue. */
export class PasswordHasher {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** Checked for users that do not exist, so that they take as long as those that do. */
  #decoy: string | undefined;

  async hash(password: string): Promise<string> {
    const salt = randomBytes(saltLength);
    return encode(salt, await this.#derive(password, salt, memoryKib, passes, parallelism));
  }

  /** @param stored Undefined takes its time, then is false. @throws ApplianceError `unavailable` when too many are waiting. */
  async verify(password: string, stored: string | undefined): Promise<boolean> {
    this.#decoy ??= encode(randomBytes(saltLength), randomBytes(tagLength));
    const [, memory, time, lanes, salt, tag] = format.exec(stored ?? this.#decoy) ?? [];
    if (salt === undefined || tag === undefined) return false;
    const expected = Buffer.from(tag, 'base64');
    const actual = await this.#derive(
      password,
      Buffer.from(salt, 'base64'),
      Number(memory),
      Number(time),
      Number(lanes),
    );
    return stored !== undefined && actual.length === expected.length && timingSafeEqual(actual, expected);
  }

  async #derive(password: string, nonce: Buffer, memory: number, rounds: number, lanes: number): Promise<Buffer> {
    await this.#turn();
    try {
      const message = password.normalize('NFC'); // the same password from every keyboard
      return await derive('argon2id', { message, nonce, memory, passes: rounds, parallelism: lanes, tagLength });
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running >= atOnce) {
      if (this.#waiting.length >= mostWaiting) {
        throw new ApplianceError('unavailable', 'Too many people sign in at once. Try again in a moment.');
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
  }
}

function encode(salt: Buffer, tag: Buffer): string {
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
