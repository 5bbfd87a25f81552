/** `npm run bench [-- --json] [NAME …]`: every figure with its peer's from the same run; exits 1 when a bound is missed. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Figure, judge, type Judged } from './figure.ts';

interface Bench {
  run(): Promise<readonly Figure[]>;
}

/** README.md says which of them need the lab. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  start: () => import('./start.ts'),
  status: () => import('./status.ts'),
  bus: () => import('./bus.ts'),
  ipc: () => import('./ipc.ts'),
  'network-scale': () => import('./network-scale.ts'),
  'network-activation': () => import('./network-activation.ts'),
  sites: () => import('./sites.ts'),
  'log-forwarding': () => import('./log-forwarding.ts'),
  'log-view': () => import('./log-view.ts'),
  'firmware-install': () => import('./firmware-install.ts'),
  'cluster-outage': () => import('./cluster-outage.ts'),
  'cluster-sites': () => import('./cluster-sites.ts'),
  'cluster-writes': () => import('./cluster-writes.ts'),
};

const json = process.argv.includes('--json');
const chosen = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = chosen.find((name) => benches[name] === undefined);
if (unknown !== undefined)
  throw new Error(`There is no bench ${unknown}. There are: ${Object.keys(benches).join(', ')}.`);

if (!existsSync('build/core/dist/bin/gemel-core.js'))
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });

const judged: Judged[] = [];
const failed: { readonly bench: string; readonly reason: string }[] = [];
for (const [name, load] of Object.entries(benches)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  if (!json) console.log(`# ${name}`);
  try {
    for (const figure of await (await load()).run()) {
      const one = judge(figure);
      judged.push(one);
      if (!json) console.log(line(one));
    }
  } catch (failure) {
    // the others' figures are worth having, such as without the lab
    failed.push({ bench: name, reason: String(failure) });
    if (!json) console.log(`FAILED ${name}: ${String(failure)}`);
  }
}
if (json) console.log(JSON.stringify({ figures: judged, failed }, null, 2));
process.exitCode = failed.length === 0 && judged.every(({ holds }) => holds) ? 0 : 1;

function line({ name, unit, figure, peer, ratio, limit, holds }: Judged): string {
  const beside =
    peer === undefined || ratio === null ? '' : `, ${round(ratio)} x ${peer.name} (${round(peer.figure)} ${unit})`;
  return `${holds ? 'holds ' : 'MISSED'} ${name}: ${round(figure)} ${unit}${beside}; ${limit.kind} ${limit.value}`;
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
