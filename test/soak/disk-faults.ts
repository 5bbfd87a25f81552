/** What happens to disks. A container has the machine's own disk and no DRBD: there only what Pacemaker is told of a disk is real. */
import type { NodeName } from '../lab/lab-layout.ts';
import type { Scene, SoakFault } from './faults.ts';
import { addresses, nodeNames, otherOf, type PairInLab, until } from './pair-in-lab.ts';

export const diskFaults: readonly SoakFault[] = [
  { name: 'data volume full', kinds: ['vm'], run: (scene) => fillDisk(scene, scene.active, '/srv/gemel') },
  { name: 'own disk of the active node full', kinds: ['vm'], run: (scene) => fillDisk(scene, scene.active, '/data') },
  { name: 'own disk of the passive node full', kinds: ['vm'], run: (scene) => fillDisk(scene, scene.passive, '/data') },
  { name: 'slow disk of the active node', kinds: ['vm'], run: (scene) => occupyDisk(scene, scene.active) },
  { name: 'slow disk of the passive node', kinds: ['vm'], run: (scene) => occupyDisk(scene, scene.passive) },
  {
    name: 'RAID of the active node gone',
    kinds: ['container', 'vm'],
    run: async ({ pair, active, wait }) => {
      await setHealth(pair, active, 'red');
      await until('the other node to be active', 120, async () => (await pair.holders())[0] === otherOf(active));
      await wait(1, 5);
      await setHealth(pair, active, 'green');
    },
  },
  {
    name: 'RAID of the passive node gone, and power loss of the active one',
    kinds: ['container', 'vm'],
    run: async ({ pair, active, passive, wait }) => {
      await setHealth(pair, passive, 'red');
      await pair.lab.kill(active);
      await wait(1, 10);
      await pair.lab.start(active, { timeoutSeconds: 900 });
      await setHealth(pair, passive, 'green');
    },
  },
  {
    name: 'power loss of the passive node during synchronisation',
    kinds: ['vm'],
    run: async (scene) => {
      await fallBehind(scene);
      await scene.wait(1, 20);
      await scene.pair.lab.kill(scene.passive);
      await scene.pair.lab.start(scene.passive, { timeoutSeconds: 900 });
    },
  },
  {
    name: 'power loss of the active node during synchronisation',
    kinds: ['vm'],
    run: async (scene) => {
      await fallBehind(scene);
      await scene.wait(1, 20);
      // Nobody has current data until it is back: the other node must wait for it.
      await scene.pair.lab.kill(scene.active);
      await scene.wait(5, 20);
      await scene.pair.lab.start(scene.active, { timeoutSeconds: 900 });
    },
  },
  {
    name: 'synchronisation network cut during synchronisation',
    kinds: ['vm'],
    run: async (scene) => {
      await fallBehind(scene);
      await scene.wait(1, 20);
      await scene.pair.lab.cut('sync');
      await scene.wait(2, 12);
      await scene.pair.lab.heal('sync');
    },
  },
];

async function fillDisk({ pair, wait }: Scene, node: NodeName, folder: string): Promise<void> {
  const file = `${folder}/soak-fills-the-disk`;
  await pair.lab
    .node(node)
    .exec(['sh', '-c', `fallocate -l $(df --output=avail -B1 ${folder} | tail -n 1) ${file}; sync`]);
  await wait(3, 10);
  for (const each of nodeNames) if (pair.lab.node(each).isOn) await pair.lab.node(each).exec(['rm', '-f', file]);
}

/** Four others who write to the same disk past every cache, and wait for it each time. */
async function occupyDisk({ pair, wait }: Scene, node: NodeName): Promise<void> {
  await pair.sh(
    node,
    'for n in 1 2 3 4; do systemd-run --quiet --unit=soak-disk@$n sh -c "while :; do dd if=/dev/zero of=/data/soak-slow-$n bs=64k count=256 oflag=direct,dsync; done"; done',
  );
  await wait(10, 40);
  await pair.sh(node, 'systemctl stop "soak-disk@*.service"; rm -f /data/soak-slow-*');
}

/** As the hardware's watch says it. */
async function setHealth(pair: PairInLab, node: NodeName, health: 'red' | 'green'): Promise<void> {
  const name = addresses[node].hostName;
  await pair.sh(node, `attrd_updater --name '#health-soak' --update ${health} --node ${name} --delay 0`);
}

/** The passive node was away while much was written: when this resolves it catches up. */
async function fallBehind({ pair, active, passive }: Scene): Promise<void> {
  await pair.lab.kill(passive);
  const file = '/srv/gemel/soak-much';
  await pair.sh(active, `dd if=/dev/urandom of=${file} bs=1M count=48 conv=fsync 2>/dev/null`, 600);
  await pair.lab.start(passive, { timeoutSeconds: 900 });
  await until('the synchronisation to begin', 300, async () => {
    const { stdout } = await pair.lab.node(active).exec(['cat', '/proc/drbd']);
    return / cs:SyncSource /.test(stdout) || / ds:UpToDate\/UpToDate /.test(stdout);
  });
  await pair.sh(active, `rm -f ${file}`);
}
