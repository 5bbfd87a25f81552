import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeName } from '../lab/lab-layout.ts';
import { ClientProcess } from '../soak/client-process.ts';
import { addresses, clusterIp, nodeNames, otherOf, type PairInLab, until } from '../soak/pair-in-lab.ts';

/** What is carried from node to node, and how to tell that both nodes see the external network. */
export interface Carried {
  readonly port: number;
  readonly path: string;
  readonly unit: string;
  readonly attribute: string;
  /** A planned move away from a node. */
  move(pair: PairInLab, from: NodeName): Promise<void>;
  /** Afterwards: it may come back. */
  moved(pair: PairInLab, from: NodeName): Promise<void>;
}

interface Fault {
  readonly name: string;
  /** Bound on the ratio to the engines' defaults. */
  readonly limit: number;
  inject(pair: PairInLab, active: NodeName, carried: Carried): Promise<void>;
  heal(pair: PairInLab, node: NodeName, carried: Carried): Promise<void>;
  /** Whether the other node is to answer afterwards. */
  readonly moves: boolean;
}

export const faults: readonly Fault[] = [
  {
    name: 'power loss',
    limit: 0.3,
    moves: true,
    inject: (pair, active) => pair.lab.kill(active),
    heal: async (pair, node) => void (await pair.lab.start(node)),
  },
  {
    name: 'a planned move',
    limit: 0.5,
    moves: true,
    inject: (pair, active, { move }) => move(pair, active),
    heal: (pair, node, { moved }) => moved(pair, node),
  },
  {
    name: 'loss of the external network',
    limit: 0.2,
    moves: true,
    inject: (pair, active) => pair.lab.cut('external', { node: active }),
    heal: (pair, node) => pair.lab.heal('external', { node }),
  },
  {
    name: 'the death of the site’s process',
    limit: 0.1,
    moves: false,
    inject: async (pair, active, { unit }) => void (await pair.sh(active, `systemctl kill --signal=KILL ${unit}`)),
    heal: async () => {},
  },
];

/** Seconds of each round, by the fault's name. Progress goes to standard error. */
export async function measureOutages(
  pair: PairInLab,
  carried: Carried,
  rounds: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  await using client = new ClientProcess(pair.lab, 'poll', clusterIp, carried.port, carried.path);
  const outages = new Map<string, number[]>();
  for (const fault of faults) {
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await settled(pair, carried);
      const active = await pair.active();
      seconds.push(
        await outage(client, fault, () => fault.inject(pair, active, carried), addresses[otherOf(active)].hostName),
      );
      await fault.heal(pair, active, carried);
    }
    console.error(`  ${carried.unit}: ${fault.name}: ${seconds.map((value) => value.toFixed(2)).join(' ')} s`);
    outages.set(fault.name, seconds);
  }
  return outages;
}

async function outage(
  client: ClientProcess,
  fault: Fault,
  inject: () => Promise<void>,
  other: string,
): Promise<number> {
  const began = Date.now();
  const injected = inject();
  // Answered again and for a second without a pause; a move counts when the other node answers.
  await until(`an answer after ${fault.name}`, 180, async () => {
    const second = client.answers.filter(({ askedAt }) => askedAt > Math.max(began + 200, Date.now() - 1_000));
    return second.length > 35 && (!fault.moves || second.every(({ host }) => host === other));
  });
  await injected;
  return client.longestSilence(began, Date.now()) / 1_000;
}

/** Redundant, and both nodes have found out that they reach the external network; then a moment of rest. */
async function settled(pair: PairInLab, { attribute }: Carried): Promise<void> {
  await pair.redundant(120);
  await until('both nodes to see the external network', 60, async () => {
    const { stdout } = await pair.lab.node('a').exec(['attrd_updater', '--query', '--all', '--name', attribute]);
    return nodeNames.every((node) => new RegExp(`host="${addresses[node].hostName}" value="[1-9]`).test(stdout));
  });
  await sleep(3_000);
}
