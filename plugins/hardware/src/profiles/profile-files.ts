import type { FileStore, Report } from '@gemel/core/sdk';
import { hardwareReports } from '../reports.js';
import { builtInProfiles } from './built-in-profiles.js';
import { type Profile, profileSchema } from './profile.js';

export const profileFolder = '/var/lib/gemel/profiles';

export interface KnownProfiles {
  readonly profiles: readonly Profile[];
  /** One for each file that is no profile. */
  readonly reports: readonly Report[];
}

/** Built-in profiles and those in the data folder. A bad file is left out and told; it never stops the others. */
export async function readProfiles(files: FileStore): Promise<KnownProfiles> {
  const profiles = [...builtInProfiles()];
  const reports: Report[] = [];
  for (const name of await files.list(profileFolder)) {
    if (!name.endsWith('.json')) continue;
    const file = `${profileFolder}/${name}`;
    const parsed = parseProfile((await files.read(file)) ?? '');
    if (typeof parsed === 'string')
      reports.push(hardwareReports.report('hardware.profile.invalid', { file, reason: parsed }));
    else if (profiles.some(({ id }) => id === parsed.id))
      reports.push(hardwareReports.report('hardware.profile.duplicate', { file, profile: parsed.id }));
    else profiles.push(parsed);
  }
  return { profiles, reports };
}

/** The profile, or what is wrong. */
function parseProfile(text: string): Profile | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'it is not JSON'; // JSON.parse throws for nothing else
  }
  const parsed = profileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map(({ path, message }) => `${path.join('/')}: ${message}`).join('; ');
}
