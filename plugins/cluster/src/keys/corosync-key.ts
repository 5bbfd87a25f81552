import { randomBytes } from 'node:crypto';

/**
 * A key for knet. Corosync takes the bytes of the file as they are, 128 to 4096 of them; text of 192 random bytes has 256
 * characters and 1536 bits, and passes through JSON unharmed.
 */
export function freshKey(): string {
  return randomBytes(192).toString('base64');
}
