import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, contentKey, forget, prune, type CacheEntry } from '../../firmware/cache.ts';
import type { ApplianceImage } from '../../firmware/image.ts';
import { askAgent } from './agent-request.ts';
import { RUNTIME_ROOT, type Hardware, type NodeName } from './lab-layout.ts';
import { killOwned } from './owned-process.ts';
import { humanMonitor, qmp } from './qmp.ts';
import { Controller } from './rack.ts';
import {
  createDisks,
  machineIdentity,
  machineSockets,
  monitorAnswers,
  nicId,
  startMachine,
  stopMachine,
  type MachinePlan,
  type MachineProcesses,
} from './virtual-machine.ts';

export const GOLDEN = 'golden';

/** One and the other node for three images. */
const KEPT = 6;

/** A cold boot takes about a minute emulated, several when the machine is busy with other things. */
const BOOT_SECONDS = 600;

/** Lets what follows multi-user.target come to rest, so that restored appliances do not all repeat it. */
const SETTLE_COMMAND = 'sync; sleep 3; sync';

const PREFIX = '.golden-';

/**
 * Disks with a snapshot of the appliance just after its boot. Made once per image, node and hardware: two nodes restored from the
 * same snapshot would share identity and MAC addresses.
 */
export async function goldenSnapshot(
  image: ApplianceImage,
  node: NodeName,
  hardware: Hardware,
  fresh: boolean,
  say: (line: string) => void,
): Promise<CacheEntry> {
  await endAbandoned();
  const identity = await machineIdentity(node, hardware);
  const key = await contentKey([], [image.id, node, ...identity]);
  if (fresh) await forget('golden', key);
  const entry = await cached(
    'golden',
    key,
    (folder) => boot(image, node, hardware, folder, say),
    () => say(`another lab is booting node ${node} for the first time, waiting for it`),
  );
  if (entry.seconds > 0) await prune('golden', KEPT);
  return entry;
}

async function boot(
  image: ApplianceImage,
  node: NodeName,
  hardware: Hardware,
  disks: string,
  say: (line: string) => void,
): Promise<void> {
  say(`booting node ${node} of this image for the first time (later starts take seconds)`);
  const runtime = join(RUNTIME_ROOT, `${PREFIX}${process.pid}-${node}`);
  await mkdir(runtime, { recursive: true, mode: 0o700 });
  await createDisks(image.disk, disks, hardware);
  const netdev: MachinePlan['netdev'] = (nic) => `hubport,id=${nicId(nic)},hubid=${nic.slot}`;
  const plan: MachinePlan = { node, hardware, runtime, disks, namespace: undefined, netdev };
  const sockets = machineSockets(plan);
  const controller = new Controller(plan);
  let processes: MachineProcesses | undefined;
  try {
    await controller.start(undefined);
    processes = await startMachine(plan);
    await writeFile(join(runtime, 'processes.json'), JSON.stringify(processes));
    await monitorAnswers(plan, processes.qemu);
    const booted = await askAgent(sockets.exec, { kind: 'ready', timeoutSeconds: BOOT_SECONDS });
    const verdict = Buffer.from(booted.stdout, 'base64').toString().trim();
    say(`node ${node} booted: ${verdict}${verdict === 'running' ? '' : await failedUnits(sockets.exec)}`);
    const argv = ['sh', '-c', SETTLE_COMMAND];
    await askAgent(sockets.exec, { kind: 'exec', argv, input: '', timeoutSeconds: 60 });
    await qmp(sockets.qmp, [{ execute: 'stop' }]);
    await humanMonitor(sockets.qmp, `savevm ${GOLDEN}`);
  } finally {
    await stopMachine(processes);
    await controller.stop();
    await rm(runtime, { recursive: true, force: true });
  }
}

/** An emulated boot beside other work may run into the time limits of units: say so, it stays in the snapshot. */
async function failedUnits(execSocket: string): Promise<string> {
  const argv = ['systemctl', 'list-units', '--failed', '--plain', '--no-legend'];
  const answer = await askAgent(execSocket, { kind: 'exec', argv, input: '', timeoutSeconds: 60 });
  const lines = Buffer.from(answer.stdout, 'base64').toString().trim().split('\n');
  const units = lines.map((line) => line.split(' ')[0]).join(', ');
  return `, failed: ${units}. If the machine was merely busy: npm run lab -- up --fresh boots once more`;
}

/** Ends first boots whose lab command died. */
async function endAbandoned(): Promise<void> {
  if (!existsSync(RUNTIME_ROOT)) return;
  for (const name of await readdir(RUNTIME_ROOT)) {
    const builder = new RegExp(`^\\${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (builder === undefined || existsSync(`/proc/${builder}`)) continue;
    const record = join(RUNTIME_ROOT, name, 'processes.json');
    if (existsSync(record)) {
      // Written above.
      const { qemu, broker } = JSON.parse(await readFile(record, 'utf8')) as MachineProcesses;
      await killOwned(qemu);
      await killOwned(broker);
    }
    await rm(join(RUNTIME_ROOT, name), { recursive: true, force: true });
  }
}
