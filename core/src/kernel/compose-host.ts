import './interpreted-schemas.js';
import { flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createApplianceHost } from '../system/appliance-host.js';
import { createLog } from '../system/log.js';
import { createNotifier } from '../system/notify.js';
import { createSandboxHost } from '../system/sandbox-host.js';
import type { Logger } from '../sdk/index.js';
import type { Appliance } from './appliance.js';
import { composeAppliance } from './compose.js';
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
  onTermination(async () => {
    await notifier.stopping();
    await appliance[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  });
  await appliance.boot();
  await notifier.ready();
  log.info({}, 'ready');
  // normally written at exit, which a killed core never reaches
  flushCompileCache();
}

/** @param folder Absolute; everything the sandbox writes is below it. */
export async function startSandbox(folder: string, log: Logger = createLog()): Promise<RunningAppliance> {
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
  await appliance.boot();
  return {
    appliance,
    [Symbol.asyncDispose]: async () => {
      await appliance[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

/** Ends in order on SIGTERM and SIGINT; a second signal ends at once. */
export function onTermination(end: () => Promise<void>): void {
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
