import { CoreClient } from '../ipc/core-client.js';
import { ApplianceError } from '../sdk/index.js';
import { guardRollback } from '../settings/index.js';
import { createApplianceHost } from '../system/appliance-host.js';
import { createLog } from '../system/log.js';
import { composeAppliance } from './compose.js';
import { builtInPlugins } from './compose-host.js';
import { DefectWatch } from './defect-watch.js';
import { appliancePaths } from './paths.js';

/**
 * What `gemel-rollback@REVISION.service` runs: asks the living core to take the revision back, or does it in its place.
 * @returns the exit code: 0 when there is nothing (more) to take back.
 */
export async function runGuard(instance: string | undefined): Promise<number> {
  const revision = Number(instance);
  const log = createLog();
  if (!Number.isSafeInteger(revision) || revision < 1) {
    log.error({ instance: instance ?? '' }, 'the number of a revision is missing: gemel-rollback@NUMBER.service');
    return 2;
  }
  const paths = appliancePaths(builtInPlugins);
  await using host = createApplianceHost(log);
  const { system } = host;
  // a plugin's slip must not end the guard before it has done its work
  new DefectWatch(system.clock, log).attach();
  const outcome = await guardRollback({
    revision,
    engine: {
      ...system,
      log,
      publish: () => {}, // nobody listens in this process
      paths: { stateFolder: `${paths.state}/settings` },
    },
    doesCoreAnswer: async (signal) => doesCoreAnswer(`${paths.runtime}/root/core.sock`, signal),
    askCore: async (asked) => askCore(`${paths.runtime}/root/core.sock`, asked),
    compose: async () => {
      const watchdog = { intervalMs: undefined, feed: async () => {} };
      const { appliance, engine } = composeAppliance({ system, paths, log, watchdog, doors: false });
      await appliance.loadSections();
      return { engine, [Symbol.asyncDispose]: async () => appliance[Symbol.asyncDispose]() };
    },
  });
  log.info({ revision, outcome: outcome.kind }, outcome.text);
  return outcome.kind === 'stuck' ? 1 : 0;
}

async function doesCoreAnswer(socket: string, signal: AbortSignal): Promise<boolean> {
  try {
    await using client = await CoreClient.connect(socket);
    // a core that hangs takes no cancelling either
    signal.addEventListener('abort', () => void client[Symbol.asyncDispose](), { once: true });
    await client.invoke('status.list');
    return true;
  } catch {
    return false; // stopped, starting or hanging
  }
}

async function askCore(socket: string, revision: number): Promise<'done' | 'unreachable'> {
  try {
    await using client = await CoreClient.connect(socket);
    await client.invoke('settings.undo', { revision });
    return 'done';
  } catch (failure) {
    // a core that tried and is stuck has answered; the journal on disk says how it stands
    if (failure instanceof ApplianceError && failure.code === 'engine-failed') return 'done';
    return 'unreachable';
  }
}
