import { readdir, readFile, rm, writeFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { REPOSITORY } from './gemel-files.ts';

/** What a root says about the firmware it is; the plugin `firmware` and systemd/libexec read it. */
export const FIRMWARE_RECORD = 'usr/lib/gemel/firmware.json';

/** Older ones lack the gate that judges the first start, so that nothing would ever be marked good. */
export const MINIMUM_VERSION = '0.1.0';

/** Version of the repository's package.json. */
export async function repositoryVersion(): Promise<string> {
  // As npm requires it.
  const { version } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
  return version;
}

export async function firmwareRecord(version?: string): Promise<string> {
  return `${JSON.stringify({ version: version ?? (await repositoryVersion()), oldestAllowed: MINIMUM_VERSION })}\n`;
}

/** Ids of the hardware profiles that come with the firmware. */
export async function builtInProfiles(): Promise<string[]> {
  const names = await readdir(join(REPOSITORY, 'plugins/hardware/src/profiles'));
  return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
}

/** Roots share files by hard link: a file is replaced, never written into. */
export async function replaceFile(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await writeFile(path, content);
}
