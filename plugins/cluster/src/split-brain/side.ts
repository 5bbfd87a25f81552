import { ApplianceError, type SystemAccess } from '@gemel/core/sdk';
import { z } from 'zod';
import { parseReplication } from '../status/replication.js';

const sitesFolder = '/srv/gemel/sites';

export const sideSchema = z.object({
  node: z.string().describe('Host name.'),
  connection: z.string().describe('As DRBD calls it; StandAlone: it waits for a decision.'),
  role: z.string().describe('Primary: this side is in use.'),
  disk: z.string().describe('UpToDate, Outdated, …'),
  changedKiB: z
    .number()
    .nullable()
    .describe('What was written here since the nodes were parted, KiB; null when unknown.'),
  sites: z
    .array(
      z.object({
        name: z.string().describe('Name of the site.'),
        lastWritten: z.number().describe('Youngest change below it: wall clock, milliseconds since 1970.'),
        bytes: z.number().describe('Size of all its files.'),
      }),
    )
    .nullable()
    .describe(
      'Only of the side whose volume is mounted; the other one is read when its data are kept. Null when they could not be looked at in time.',
    ),
});
export type Side = z.output<typeof sideSchema>;

/** What this side wrote, as far as it can be seen without touching it. */
export async function readSide(system: SystemAccess, node: string, signal?: AbortSignal): Promise<Side> {
  const text = await system.files.read('/proc/drbd');
  const replication = parseReplication(text);
  const changed = /oos:(\d+)/.exec(text ?? '')?.[1];
  return {
    node,
    connection: replication?.connection ?? 'not up',
    role: replication?.role ?? 'Unknown',
    disk: replication?.disk ?? 'Unknown',
    changedKiB: changed === undefined ? null : Number(changed),
    sites: await readSites(system, signal),
  };
}

async function readSites({ files, commands }: SystemAccess, signal: AbortSignal | undefined): Promise<Side['sites']> {
  const names = await files.list(sitesFolder);
  if (names.length === 0) return [];
  const folders = names.map((name) => `${sitesFolder}/${name}`);
  const options = { timeoutMs: 20_000, ...(signal === undefined ? {} : { signal }) };
  try {
    // It ends with 1 when a file vanished meanwhile, as those of a live site do, and says the rest all the same.
    const { stdout } = await commands.run(
      ['du', '--summarize', '--time', '--time-style=+%s', '--block-size=1', '--', ...folders],
      options,
    );
    return stdout === '' ? null : parseDiskUse(stdout);
  } catch (failure) {
    // Whose data stay can be decided without their sizes.
    if (failure instanceof ApplianceError && failure.code === 'timeout') return null;
    throw failure;
  }
}

/** `4096<tab>1795307372<tab>/srv/gemel/sites/shop` */
export function parseDiskUse(text: string): NonNullable<Side['sites']> {
  return text.split('\n').flatMap((line) => {
    const [bytes, seconds, path] = line.split('\t');
    if (path === undefined) return [];
    return [{ name: path.slice(sitesFolder.length + 1), lastWritten: Number(seconds) * 1_000, bytes: Number(bytes) }];
  });
}
