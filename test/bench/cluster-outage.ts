/**
 * Outage that a client sees, beside the same resources set up with pcs and the engines' defaults on the same two containers: a client
 * asks the small site at the cluster IP every 20 ms. And how long it takes to ask for the state of either pair.
 */
import { addSite, createPair, move, sitePort } from '../soak/gemel-pair.ts';
import { PairInLab } from '../soak/pair-in-lab.ts';
import { createPlainPair, leave, plainSitePort, plainSiteUnit, unleave } from '../soak/pcs-pair.ts';
import { type Carried, faults, measureOutages } from './cluster-outage-rounds.ts';
import { type Figure, median } from './figure.ts';

const gemel: Carried = {
  port: sitePort,
  path: '/',
  unit: 'gemel-site@lab.service',
  attribute: 'external',
  move,
  moved: async () => {},
};
const plain: Carried = {
  port: plainSitePort,
  path: '/',
  unit: plainSiteUnit,
  attribute: 'pingd',
  move: leave,
  moved: unleave,
};

/** @param rounds of each fault; the figure is their median. */
export async function run(rounds = 5): Promise<readonly Figure[]> {
  await using pair = await PairInLab.up('bench-outage', 'container');
  await pair.lab.snapshot('networks');
  await createPair(pair);
  await addSite(pair);
  const ours = await measureOutages(pair, gemel, rounds);
  const ourStatus = await timed(pair, 'gemel cluster status');
  await pair.lab.restore('networks');
  await createPlainPair(pair);
  const theirs = await measureOutages(pair, plain, rounds);
  const theirStatus = await timed(pair, 'pcs status');
  const outages = faults.map(
    ({ name, limit }): Figure => ({
      name: `cluster: outage after ${name}`,
      unit: 's',
      figure: median(ours.get(name) ?? []),
      peer: { name: 'the same with pcs and the engines’ defaults', figure: median(theirs.get(name) ?? []) },
      limit: { kind: 'at most', value: limit },
    }),
  );
  const status: Figure = {
    name: 'cluster: gemel cluster status',
    unit: 'ms',
    figure: ourStatus,
    peer: { name: 'pcs status', figure: theirStatus },
    limit: { kind: 'at most', value: 0.2 },
  };
  return [...outages, status];
}

/** Median of eleven runs inside node a, milliseconds; the first, which fills caches, is not counted. */
async function timed(pair: PairInLab, command: string): Promise<number> {
  const script = `${command} >/dev/null; for i in 1 2 3 4 5 6 7 8 9 10 11; do t=$(date +%s%N); ${command} >/dev/null; echo $(( ($(date +%s%N) - t) / 1000 )); done`;
  const lines = (await pair.sh('a', script)).trim().split('\n');
  return median(lines.map(Number)) / 1_000;
}
