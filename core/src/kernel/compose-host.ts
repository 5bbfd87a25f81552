import './interpreted-schemas.js';
import { flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createApplianceHost } from '../system/appliance-host.js';
import { createLog } from '../system/log.js';
import { createNotifier } from '../system/notify.js';
import { createSandboxHost } from '../system/sandbox-host.js';
import type { Clock, Logger } from '../sdk/index.js';
import type { Appliance } from './appliance.js';
import { composeAppliance } from './compose.js';
import { DefectWatch } from './defect-watch.js';
import { appliancePaths, sandboxPaths } from './paths.js';

/** Beside the package of core, in the repository as on the appliance; this module is core/dist/kernel/. */
export const builtInPlugins = fileURLToPath(new URL('../../../plugins', import.meta.url));

/** A booted appliance with the host it runs on; ending it ends both. */
export interface RunningAppliance extends AsyncDisposable {
  readonly appliance: Appliance;
}

/** Core on Debian with systemd, as root: boots, says READY, and ends in order on SIGTERM. */
export async function runCore(): Promise<void> {
  const log = createLog();
  const notifier = createNotifier();
  const host = createApplianceHost(log);
  const { appliance } = composeAppliance({
    system: host.system,
    paths: appliancePaths(builtInPlugins),
    log,
    watchdog: { intervalMs: notifier.watchdogEveryMs, feed: () => notifier.watchdog() },
    doors: true,
  });
  let booted = false;
  onTermination(async () => {
    // Whoever stops it now needs the system soon, as the guard does. What is half-way is what a crash would leave, which the next start mends.
    if (!booted) {
      await appliance.plugins.stateFile.clearMark();
      return;
    }
    await notifier.stopping();
    await appliance[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  });
  await bootOrExit(appliance, host.system.clock, log);
  booted = true;
  await notifier.ready();
  log.info({}, 'ready');
  // normally written at exit, which a killed core never reaches
  flushCompileCache();
}

/**
 * An appliance on the sandbox host in this process.
 *
 * @param folder Absolute; everything the sandbox writes is below it.
 */
export async function startSandbox(folder: string, log: Logger): Promise<RunningAppliance> {
  const sandbox = await composeSandbox(folder, log);
  await sandbox.appliance.boot();
  return sandbox;
}

/** The same as a process of its own, up to READY; ends in order on SIGTERM. */
export async function runSandbox(folder: string): Promise<void> {
  const log = createLog();
  const sandbox = await composeSandbox(folder, log);
  onTermination(async () => sandbox[Symbol.asyncDispose]());
  await bootOrExit(sandbox.appliance, sandbox.clock, log);
}

async function composeSandbox(folder: string, log: Logger): Promise<RunningAppliance & { readonly clock: Clock }> {
  const paths = sandboxPaths(folder, builtInPlugins);
  const host = await createSandboxHost({
    folder,
    readable: [builtInPlugins],
    onTimer: (unit) => {
      const revision = /^gemel-rollback@(\d+)\.service$/.exec(unit)?.[1];
      if (revision !== undefined) void appliance.settings.rollBackExpired(Number(revision));
    },
  });
  const watchdog = { intervalMs: undefined, feed: async () => {} };
  const { appliance } = composeAppliance({ system: host.system, paths, log, watchdog, doors: true });
  return {
    appliance,
    clock: host.system.clock,
    [Symbol.asyncDispose]: async () => {
      await appliance[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

/** What is thrown later is survived; a start that fails is over. */
async function bootOrExit(appliance: Appliance, clock: Clock, log: Logger): Promise<void> {
  const defects = new DefectWatch(clock, log);
  appliance.health.add('core.defects', async () => defects.health());
  defects.attach();
  try {
    await appliance.boot();
  } catch (failure) {
    log.error({ err: failure }, 'core cannot start');
    process.exit(1);
  }
}

/** Ends in order on SIGTERM and SIGINT; a second signal ends at once. */
function onTermination(end: () => Promise<void>): void {
  let ending = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (ending) process.exit(130);
      ending = true;
      end().then(
        () => process.exit(0),
        (failure: unknown) => {
          console.error(failure);
          process.exit(1);
        },
      );
    });
  }
}
