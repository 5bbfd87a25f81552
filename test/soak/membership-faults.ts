/** Power or cables lost while the pair is being made or parted. Afterwards nobody helps but to give the command that makes the pair once more. */
import type { NodeName } from '../lab/lab-layout.ts';
import type { Scene, SoakFault } from './faults.ts';
import { connect } from './gemel-pair.ts';
import { nodeNames, otherOf, type PairInLab, until } from './pair-in-lab.ts';

interface Standing {
  readonly phase: string;
  readonly keepsServices: boolean;
}

/** A command of the node that keeps the services, and what must have been before. */
interface Command {
  readonly name: string;
  prepare(scene: Scene): Promise<void>;
  give(scene: Scene): Promise<unknown>;
}

const disconnect: Command = {
  name: 'Disconnect',
  prepare: async () => {},
  give: ({ pair, active }) => pair.gemel(active, 'cluster', 'disconnect', '--yes'),
};

const reconnect: Command = {
  name: 'Reconnect',
  prepare: async (scene) => void (await disconnect.give(scene)),
  give: ({ pair, active }) => pair.gemel(active, 'cluster', 'reconnect', '--yes'),
};

const connectAnew: Command = {
  name: 'Connect',
  prepare: async ({ pair, passive }) => void (await pair.gemel(passive, 'cluster', 'disband', '--yes')),
  give: ({ pair, active, passive }) => connect(pair, active, passive),
};

/** What happens in the middle of a command, and is over when it resolves. */
interface Strike {
  readonly name: string;
  happen(scene: Scene): Promise<void>;
}

const passivePower = powerLoss('passive');
const activePower = powerLoss('active');

const passiveCables: Strike = {
  name: 'every cable of the passive node cut',
  async happen({ pair, passive, wait }) {
    await Promise.all([pair.lab.cut('external', { node: passive }), pair.lab.cut('sync')]);
    await wait(2, 20);
    await Promise.all([pair.lab.heal('external'), pair.lab.heal('sync')]);
  },
};

export const membershipFaults: readonly SoakFault[] = [
  struck(disconnect, passivePower),
  struck(disconnect, activePower),
  struck(disconnect, passiveCables),
  struck(reconnect, passivePower),
  struck(reconnect, activePower),
  struck(reconnect, passiveCables),
  struck(connectAnew, passivePower),
  struck(connectAnew, passiveCables),
];

function powerLoss(victim: 'active' | 'passive'): Strike {
  return {
    name: `power loss of the ${victim} node`,
    async happen(scene) {
      await scene.pair.lab.kill(scene[victim]);
      await scene.wait(1, 5);
      await scene.pair.lab.start(scene[victim], { timeoutSeconds: 900 });
    },
  };
}

function struck(command: Command, strike: Strike): SoakFault {
  return {
    name: `${strike.name} during ${command.name}`,
    kinds: ['container', 'vm'],
    async run(scene) {
      const { pair, wait } = scene;
      // An emulated machine takes ten times as long for everything.
      const scale = pair.kind === 'vm' ? 10 : 1;
      await command.prepare(scene);
      // Whether it succeeds depends on the moment.
      const given = command.give(scene).catch(() => undefined);
      await wait(0.1 * scale, 4 * scale);
      await strike.happen(scene);
      await given;
      await until('the nodes to be a pair again', 300 * scale, () => isPairAgain(scene), 3_000);
    },
  };
}

async function isPairAgain({ pair }: Scene): Promise<boolean> {
  const [a, b] = await Promise.all(nodeNames.map((node) => standing(pair, node)));
  if (a?.phase === 'connected' && b?.phase === 'connected') return true;
  const keeper = a?.keepsServices ? 'a' : 'b';
  const phase = (keeper === 'a' ? a : b)?.phase;
  // Refused while the other node still boots, or tidies up what was interrupted.
  if (phase === 'disconnected') await pair.gemel(keeper, 'cluster', 'reconnect', '--yes').catch(() => undefined);
  if (phase === 'created') await connect(pair, keeper, otherOf(keeper)).catch(() => undefined);
  return false;
}

/** As the node has it on its disk. A node that left has nothing. */
async function standing(pair: PairInLab, node: NodeName): Promise<Standing> {
  const { code, stdout } = await pair.lab.node(node).exec(['cat', '/var/lib/gemel/cluster/membership.json']);
  if (code !== 0) return { phase: 'none', keepsServices: false };
  return JSON.parse(stdout) as Standing; // as core wrote it
}
