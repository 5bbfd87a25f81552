import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from './lock.ts';
import { mustRun, ToolError } from './run-command.ts';

/** What the subject of a certificate says when nobody keeps its key secret. A release refuses it. */
const DEVELOPMENT_MARK = 'OU=development';
const DEVELOPMENT_SUBJECT = '/O=Gemel/OU=development/CN=Gemel development keys, not for a release';
const DEVELOPMENT_FOLDER = join(import.meta.dirname, 'keys/development');

export interface FirmwareKeys {
  /** Certificates that the image trusts. */
  readonly keyring: string;
  readonly certificate: string;
  readonly key: string;
  readonly development: boolean;
}

/** Keys of the folder GEMEL_FIRMWARE_KEYS, or the development keys of this checkout, made at first use. */
export async function firmwareKeys(options: { readonly release: boolean }): Promise<FirmwareKeys> {
  const given = process.env['GEMEL_FIRMWARE_KEYS'];
  if (given === undefined && options.release)
    throw new ToolError('A release needs keys of its own: set GEMEL_FIRMWARE_KEYS, see firmware/keys/README.md');
  const folder = given ?? (await developmentFolder());
  const at = (name: string): string => {
    if (!existsSync(join(folder, name)))
      throw new ToolError(`${join(folder, name)} is missing: see firmware/keys/README.md`);
    return join(folder, name);
  };
  const keys = { keyring: at('keyring.pem'), certificate: at('signing.pem'), key: at('signing.key') };
  const development = (await isDevelopment(keys.certificate)) || (await isDevelopment(keys.keyring));
  if (development && options.release)
    throw new ToolError(
      `${folder} holds development keys (${DEVELOPMENT_MARK}), which a release refuses: see firmware/keys/README.md`,
    );
  return { ...keys, development };
}

/** Every certificate of a file counts: a keyring that trusts development keys beside others trusts them all the same. */
async function isDevelopment(file: string): Promise<boolean> {
  const certificates = (await readFile(file, 'utf8')).match(
    /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g,
  );
  if (certificates === null) throw new ToolError(`${file} holds no certificate in PEM`);
  for (const input of certificates) {
    const subject = await mustRun(['openssl', 'x509', '-noout', '-subject', '-nameopt', 'RFC2253'], { input });
    if (subject.includes(DEVELOPMENT_MARK)) return true;
  }
  return false;
}

async function developmentFolder(): Promise<string> {
  if (existsSync(DEVELOPMENT_FOLDER)) return DEVELOPMENT_FOLDER;
  await withLock(
    'firmware-development-keys',
    () => undefined,
    async () => {
      if (existsSync(DEVELOPMENT_FOLDER)) return;
      const fresh = `${DEVELOPMENT_FOLDER}.part`;
      await rm(fresh, { recursive: true, force: true });
      await mkdir(fresh, { mode: 0o700 });
      await makeKeys(fresh, DEVELOPMENT_SUBJECT);
      await rename(fresh, DEVELOPMENT_FOLDER);
    },
  );
  return DEVELOPMENT_FOLDER;
}

/** A key with a certificate that trusts itself, ten years. */
export async function makeKeys(folder: string, subject: string): Promise<void> {
  const [certificate, key] = [join(folder, 'signing.pem'), join(folder, 'signing.key')];
  const kind = ['-x509', '-newkey', 'rsa:3072', '-nodes', '-days', '3650', '-subj', subject];
  await mustRun(['openssl', 'req', ...kind, '-keyout', key, '-out', certificate]);
  await mustRun(['cp', certificate, join(folder, 'keyring.pem')]);
}
