import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** This node's key with its self-signed certificate. Nobody but this process reads the key. */
export interface Identity {
  /** PEM; both come from one file, which was renamed into place whole. */
  readonly key: string;
  readonly certificate: string;
  /** SHA-256 of the certificate, as TLS shows it: upper-case hexadecimal pairs joined by `:`. */
  readonly fingerprint: string;
}

/** @throws Error that says what is wrong with the file. */
export async function readIdentity(path: string): Promise<Identity> {
  const text = await readFile(path, 'utf8');
  const key = block(text, 'PRIVATE KEY');
  const certificate = block(text, 'CERTIFICATE');
  if (key === undefined || certificate === undefined) {
    throw new Error(`${path} has no key or no certificate. Remove it and restart gemel-peer: a new one is made.`);
  }
  const der = Buffer.from(certificate.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const hash = createHash('sha256').update(der).digest('hex').toUpperCase();
  return { key, certificate, fingerprint: hash.replaceAll(/(..)(?=.)/g, '$1:') };
}

function block(text: string, name: string): string | undefined {
  return new RegExp(`-----BEGIN ${name}-----[^-]+-----END ${name}-----\\n?`).exec(text)?.[0];
}
