import { type Profile, profileSchema } from './profile.js';
import rack1 from './rack1.json' with { type: 'json' };
import rack5 from './rack5.json' with { type: 'json' };
import virt1 from './virt1.json' with { type: 'json' };

/** Profiles that come with the firmware; others are files in the data folder. Parsed when asked for, not at the start of core. */
export function builtInProfiles(): readonly Profile[] {
  return [rack1, rack5, virt1].map((profile) => profileSchema.parse(profile));
}
