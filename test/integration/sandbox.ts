/** Core on the sandbox host as it is shipped: a real process, real sockets, the real command. `… sandbox.ts NAME …` runs some parts. */
import { Checks } from './checks.ts';
import { badPluginChecks, badSectionChecks } from './sandbox/bad-plugins.ts';
import { damagedFilesChecks } from './sandbox/damaged-files.ts';
import { examplePluginChecks, jobChecks } from './sandbox/example-plugin.ts';
import { hostileInputChecks } from './sandbox/hostile-input.ts';
import { settingsChecks } from './sandbox/settings.ts';
import { surfaceChecks } from './sandbox/surface.ts';

const parts: Readonly<Record<string, (checks: Checks) => Promise<void>>> = {
  settings: settingsChecks,
  'hostile-input': hostileInputChecks,
  'damaged-files': damagedFilesChecks,
  'example-plugin': examplePluginChecks,
  jobs: jobChecks,
  surface: surfaceChecks,
  'bad-plugins': badPluginChecks,
  'bad-sections': badSectionChecks,
};

const chosen = process.argv.slice(2);
const checks = new Checks();
for (const [name, part] of Object.entries(parts)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  await checks.check(`${name}: from start to end`, () => part(checks));
}
checks.finish();
