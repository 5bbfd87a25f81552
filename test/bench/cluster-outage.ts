/**
 * Outage that a client sees, beside the same resources set up with pcs and the engines' defaults on the same two containers: a client
 * asks the small site at the cluster IP every 20 ms.
 */
import { createPair, addSite, sitePort } from '../soak/gemel-pair.ts';
import { PairInLab } from '../soak/pair-in-lab.ts';
import { createPlainPair, plainSitePort, plainSiteUnit } from '../soak/pcs-pair.ts';
import { faults, type Carried, measureOutages } from './cluster-outage-rounds.ts';
import { type Figure, median } from './figure.ts';

const ROUNDS = 5;

const gemel: Carried = { port: sitePort, path: '/', unit: 'gemel-site@lab.service', attribute: 'external' };
const plain: Carried = { port: plainSitePort, path: '/', unit: plainSiteUnit, attribute: 'pingd' };

export async function run(): Promise<readonly Figure[]> {
  await using pair = await PairInLab.up('bench-outage', 'container');
  await pair.lab.snapshot('networks');
  await createPair(pair);
  await addSite(pair);
  const ours = await measureOutages(pair, gemel, ROUNDS);
  await pair.lab.restore('networks');
  await createPlainPair(pair);
  const theirs = await measureOutages(pair, plain, ROUNDS);
  return faults.map(({ name, limit }) => ({
    name: `cluster: outage after ${name}`,
    unit: 's',
    figure: median(ours.get(name) ?? []),
    peer: { name: 'the same with pcs and the engines\u2019 defaults', figure: median(theirs.get(name) ?? []) },
    limit: { kind: 'at most', value: limit },
  }));
}
