import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeKind, NodeName } from '../lab/lab-layout.ts';
import { diskFaults } from './disk-faults.ts';
import { move, setMaintenance } from './gemel-pair.ts';
import { membershipFaults } from './membership-faults.ts';
import { nodeNames, type PairInLab } from './pair-in-lab.ts';

/** Where a fault strikes: both names are as things are when it begins. */
export interface Scene {
  readonly pair: PairInLab;
  readonly active: NodeName;
  readonly passive: NodeName;
  /** Seconds of the seed's choosing. */
  readonly wait: (from: number, to: number) => Promise<void>;
}

export interface SoakFault {
  readonly name: string;
  /** Kinds of lab that can do it. */
  readonly kinds: readonly NodeKind[];
  /** Injects, lasts, and is healed when it resolves. */
  run(scene: Scene): Promise<void>;
}

const both: readonly NodeKind[] = ['container', 'vm'];

async function powerCycle({ pair, wait }: Scene, nodes: readonly NodeName[]): Promise<void> {
  await Promise.all(nodes.map((node) => pair.lab.kill(node)));
  await wait(1, 10);
  await Promise.all(nodes.map((node) => pair.lab.start(node, { timeoutSeconds: 900 })));
}

/** SIGKILL of a unit's main process. Absent units and already ended processes are no error: the fault then does nothing. */
async function killUnit({ pair, wait }: Scene, node: NodeName, unit: string): Promise<void> {
  await pair.lab.node(node).exec(['systemctl', 'kill', '--signal=KILL', '--kill-whom=main', unit]);
  await wait(2, 6);
}

async function cutFor({ pair, wait }: Scene, cut: () => Promise<void>): Promise<void> {
  await cut();
  await wait(2, 12);
  await pair.lab.heal('sync');
  await pair.lab.heal('external');
}

/** Nothing reaches the node any more while what it sends still arrives. */
async function deafen({ pair, wait }: Scene, node: NodeName): Promise<void> {
  await pair.lab.setDeaf(node, true);
  await wait(2, 10);
  await pair.lab.setDeaf(node, false);
}

/** Two endless loops for each processor. */
export const busy =
  'for n in $(seq $((2 * $(nproc)))); do systemd-run --quiet --unit=soak-busy@$n sh -c "while :; do :; done"; done';

export const soakFaults: readonly SoakFault[] = [
  { name: 'power loss of the active node', kinds: both, run: (scene) => powerCycle(scene, [scene.active]) },
  { name: 'power loss of the passive node', kinds: both, run: (scene) => powerCycle(scene, [scene.passive]) },
  { name: 'power loss of both nodes', kinds: both, run: (scene) => powerCycle(scene, nodeNames) },
  {
    name: 'power loss of the active node, and of the same again while it comes back',
    kinds: both,
    run: async (scene) => {
      await scene.pair.lab.kill(scene.active);
      await scene.wait(1, 4);
      await scene.pair.lab.start(scene.active, { wait: false });
      await scene.wait(1, scene.pair.kind === 'vm' ? 60 : 10);
      await powerCycle(scene, [scene.active]);
    },
  },
  {
    name: 'Corosync of the active node killed',
    kinds: both,
    run: async (scene) => {
      await killUnit(scene, scene.active, 'corosync');
      // What has to be let go for the other node to take over is let go by the unit of Corosync itself.
      const words = 'journalctl --boot --unit=corosync --grep="still in use here" --output=cat || true';
      const said = await scene.pair.sh(scene.active, words);
      if (said.trim() !== '') throw new Error(`the node did not give up what it carried: ${said}`);
    },
  },
  {
    name: 'Corosync of the passive node killed',
    kinds: both,
    run: (scene) => killUnit(scene, scene.passive, 'corosync'),
  },
  {
    name: 'pacemakerd of the active node killed',
    kinds: both,
    run: (scene) => killUnit(scene, scene.active, 'pacemaker'),
  },
  {
    name: 'pacemakerd of the passive node killed',
    kinds: both,
    run: (scene) => killUnit(scene, scene.passive, 'pacemaker'),
  },
  { name: 'core of the active node killed', kinds: both, run: (scene) => killUnit(scene, scene.active, 'gemel-core') },
  {
    name: 'core of both killed, and power loss of the active node',
    kinds: both,
    run: async (scene) => {
      for (const node of nodeNames)
        await scene.pair.lab.node(node).exec(['systemctl', 'kill', '--signal=KILL', 'gemel-core']);
      await powerCycle(scene, [scene.active]);
    },
  },
  {
    name: 'gemel-peer of the passive node killed',
    kinds: both,
    run: (scene) => killUnit(scene, scene.passive, 'gemel-peer'),
  },
  { name: 'process of the site killed', kinds: both, run: (scene) => killUnit(scene, scene.active, 'gemel-site@lab') },
  {
    name: 'one synchronisation cable cut',
    kinds: ['vm'],
    run: (scene) => cutFor(scene, () => scene.pair.lab.cut('sync', { port: 0 })),
  },
  { name: 'synchronisation network cut', kinds: both, run: (scene) => cutFor(scene, () => scene.pair.lab.cut('sync')) },
  {
    name: 'synchronisation network cut, and power loss of the active node',
    // Without DRBD nothing is written on one node alone.
    kinds: ['vm'],
    run: async (scene) => {
      await scene.pair.lab.cut('sync');
      // Before DRBD notices, while it holds writes back, and after that.
      await scene.wait(0, 12);
      await scene.pair.lab.kill(scene.active);
      await scene.wait(1, 10);
      await scene.pair.lab.heal('sync');
      await scene.pair.lab.start(scene.active, { timeoutSeconds: 900 });
    },
  },
  {
    name: 'one external cable of the active node cut',
    kinds: ['vm'],
    run: (scene) => cutFor(scene, () => scene.pair.lab.cut('external', { node: scene.active, port: 0 })),
  },
  {
    name: 'external network of the active node cut',
    kinds: both,
    run: (scene) => cutFor(scene, () => scene.pair.lab.cut('external', { node: scene.active })),
  },
  {
    name: 'external network of the passive node cut',
    kinds: both,
    run: (scene) => cutFor(scene, () => scene.pair.lab.cut('external', { node: scene.passive })),
  },
  {
    name: 'external network of both nodes cut',
    kinds: both,
    run: (scene) => cutFor(scene, () => scene.pair.lab.cut('external')),
  },
  {
    name: 'every cable of the active node cut',
    kinds: both,
    run: (scene) =>
      cutFor(scene, async () => {
        await Promise.all([scene.pair.lab.cut('external', { node: scene.active }), scene.pair.lab.cut('sync')]);
      }),
  },
  { name: 'external network of the active node cut one way', kinds: both, run: (scene) => deafen(scene, scene.active) },
  {
    name: 'clock of the passive node an hour ahead',
    // A container has the machine's clock.
    kinds: ['vm'],
    run: async (scene) => {
      const shift = (seconds: number) =>
        scene.pair.sh(scene.passive, `date -s "@$(( $(date +%s) + ${seconds} ))" >/dev/null`);
      await shift(3_600);
      await scene.wait(3, 10);
      await shift(-3_600);
    },
  },
  {
    name: 'power loss of the active node while the other is in maintenance',
    kinds: both,
    run: async (scene) => {
      await setMaintenance(scene.pair, scene.passive, true);
      await sleep(1_000);
      await powerCycle(scene, [scene.active]);
      await setMaintenance(scene.pair, scene.passive, false);
    },
  },
  {
    name: 'maintenance of the active node',
    kinds: both,
    run: async (scene) => {
      await setMaintenance(scene.pair, scene.active, true);
      await scene.wait(1, 6);
      await setMaintenance(scene.pair, scene.active, false);
    },
  },
  {
    name: 'every processor of both nodes busy',
    kinds: both,
    run: async ({ pair, active, wait }) => {
      for (const node of nodeNames) await pair.sh(node, busy);
      await wait(10, 20);
      for (const node of nodeNames) await pair.sh(node, 'systemctl stop "soak-busy@*.service"');
      if ((await pair.active()) !== active) throw new Error('a node that is merely busy was taken for dead');
    },
  },
  ...diskFaults,
  ...membershipFaults,
  { name: 'no fault: a planned move', kinds: both, run: (scene) => move(scene.pair, scene.active) },
];
