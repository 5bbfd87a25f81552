/** The table of the cluster's outages beside the engines' defaults; ends with 1 when a bound is missed. `-- --rounds N` */
import { judge } from '../bench/figure.ts';
import { run } from '../bench/cluster-outage.ts';
import { numberOption } from './random.ts';

const rounds = numberOption('rounds', 5);
const judged = (await run(rounds)).map(judge);
const row = (cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`);
row(['client-visible, median', 'Gemel', 'engines’ defaults with pcs', 'ratio', 'at most', '']);
row(['---', '---', '---', '---', '---', '---']);
for (const { name, unit, figure, peer, ratio, limit, holds } of judged) {
  const value = (number: number) => `${unit === 's' ? number.toFixed(2) : number.toFixed(0)} ${unit}`;
  const cells = [
    value(figure),
    value(peer?.figure ?? Number.NaN),
    (ratio ?? Number.NaN).toFixed(2),
    String(limit.value),
  ];
  row([name.replace('cluster: ', ''), ...cells, holds ? 'holds' : 'MISSED']);
}
const held = judged.filter(({ holds }) => holds).length;
console.log(`${held} of ${judged.length} bounds hold, ${rounds} rounds of each fault`);
process.exitCode = held === judged.length ? 0 : 1;
