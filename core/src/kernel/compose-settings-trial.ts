import type { Report } from '../sdk/index.js';
import { unfitSections } from '../settings/index.js';
import { createLog } from '../system/log.js';
import { createSandboxHost } from '../system/sandbox-host.js';
import { builtInPlugins } from './compose-host.js';
import { composeAppliance } from './compose.js';
import { sandboxPaths } from './paths.js';

/**
 * Reads the confirmed settings below a folder with this version's migrations and schemas, and changes nothing but that folder. What
 * `gemel-settings-trial FOLDER` prints: the firmware that is running asks the one to be installed.
 *
 * @param folder Laid out as the sandbox's: a copy of the settings is in `lib/settings`.
 * @returns what would not be taken over, by section.
 */
export async function trySettings(folder: string): Promise<readonly Report[]> {
  await using host = await createSandboxHost({ folder, readable: [builtInPlugins] });
  const watchdog = { intervalMs: undefined, feed: async () => {} };
  const { appliance, engine } = composeAppliance({
    system: host.system,
    paths: sandboxPaths(folder, builtInPlugins),
    log: createLog(),
    watchdog,
    doors: false,
  });
  await using _ended = appliance;
  await appliance.loadSections();
  return unfitSections(engine.state);
}
