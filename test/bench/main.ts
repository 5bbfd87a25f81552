/** `npm run bench [-- --json] [NAME …]`: every figure with its peer's from the same run; exits 1 when a bound is missed. */
import { type Figure, judge, type Judged } from './figure.ts';

interface Bench {
  run(): Promise<readonly Figure[]>;
}

/** `lab` ones need root on Debian and boot a virtual machine. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  start: () => import('./start.ts'),
  status: () => import('./status.ts'),
  bus: () => import('./bus.ts'),
  ipc: () => import('./ipc.ts'),
  'network-scale': () => import('./network-scale.ts'),
  'network-activation': () => import('./network-activation.ts'),
};

const json = process.argv.includes('--json');
const chosen = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = chosen.find((name) => benches[name] === undefined);
if (unknown !== undefined) throw new Error(`There is no bench ${unknown}. There are: ${Object.keys(benches).join(', ')}.`);

const judged: Judged[] = [];
for (const [name, load] of Object.entries(benches)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  if (!json) console.log(`# ${name}`);
  for (const figure of await (await load()).run()) {
    const one = judge(figure);
    judged.push(one);
    if (!json) console.log(line(one));
  }
}
if (json) console.log(JSON.stringify(judged, null, 2));
process.exitCode = judged.every(({ holds }) => holds) ? 0 : 1;

function line({ name, unit, figure, peer, ratio, limit, holds }: Judged): string {
  const beside = peer === undefined || ratio === null ? '' : `, ${round(ratio)} x ${peer.name} (${round(peer.figure)} ${unit})`;
  return `${holds ? 'holds ' : 'MISSED'} ${name}: ${round(figure)} ${unit}${beside}; ${limit.kind} ${limit.value}`;
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
