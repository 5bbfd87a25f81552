import { randomBytes } from 'node:crypto';
import { ApplianceError, type CommandRunner } from '@gemel/core/sdk';

/** bcrypt's own base 64. */
const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** The last of 22 characters carries two bits only. */
const lastCharacters = '.Oeu';
/** 2^10 rounds, about 60 ms: what htpasswd's users and Prometheus are asked at each request. */
const cost = '10';

/** Perl's crypt() is the C library's and knows bcrypt; Node's does not. Password and salt come by standard input, where nobody sees them. */
const script = 'chomp(my ($password, $salt) = <STDIN>); print crypt($password, $salt);';

export function newSalt(random: Uint8Array = randomBytes(22), rounds = cost): string {
  const characters = [...random].map((byte, index) =>
    index === 21 ? lastCharacters[byte % lastCharacters.length] : alphabet[byte % alphabet.length],
  );
  return `$2y$${rounds}$${characters.join('')}`;
}

/** The form that Apache and Prometheus take. */
export async function hashPassword(commands: CommandRunner, password: string, salt = newSalt()): Promise<string> {
  const { stdout } = await commands.run(['perl', '-e', script], { input: `${password}\n${salt}\n` });
  if (/^\$2y\$\d\d\$[./A-Za-z0-9]{53}$/.test(stdout)) return stdout;
  throw new ApplianceError(
    'engine-failed',
    'The C library of this host cannot compute bcrypt. Leave login and password out.',
  );
}
