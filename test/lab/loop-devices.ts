import { existsSync } from 'node:fs';
import { mkdtemp, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../../firmware/run-command.ts';
import { RUNTIME_ROOT } from './lab-layout.ts';

/** How many a container finds. The machine itself makes one when it is first opened. */
const COUNT = 128;
const NODES = join(RUNTIME_ROOT, '.loop-devices');

/**
 * Gives a container the machine's loop devices, for images that systemd mounts itself (RootImage=). systemd has each of them freed
 * with its last mount, so that a killed container leaves none attached.
 */
export async function giveLoopDevices(init: number): Promise<void> {
  if (!existsSync(NODES)) await makeNodes();
  await mustRun(['cp', '--archive', '--no-clobber', `${NODES}/.`, `/proc/${init}/root/dev/`]);
}

async function makeNodes(): Promise<void> {
  const making = await mkdtemp(`${NODES}-`);
  // copying carries the folder's own mode over to the container's /dev
  const script = `chmod 755 "$1"
mknod -m 600 "$1/loop-control" c 10 237
n=0; while [ $n -lt ${COUNT} ]; do mknod -m 600 "$1/loop$n" b 7 $n; n=$((n + 1)); done`;
  await mustRun(['sh', '-e', '-c', script, 'sh', making]);
  await rename(making, NODES).catch(() => mustRun(['rm', '-rf', making])); // another lab was quicker
}
