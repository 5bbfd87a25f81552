/**
 * Runs the suites and closes with one line that counts them all. `npm test -- NAME …` runs some. Two run at a time, since one seldom
 * keeps more than one processor busy; those that hold real time against a limit run alone, after the others.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

interface Suite {
  readonly name: string;
  /** Needs root on Debian: containers, virtual machines, image builds. */
  readonly lab: boolean;
  readonly alone?: true;
  readonly argv: readonly [string, ...string[]];
}

const node = 'node_modules/.bin/node';

/**
 * The acceptance scripts run whole by `npm run accept:NAME`; here with fewer random points, so that all suites fit into an hour. The first
 * with a lab builds the image, meanwhile the second worker is busy with what needs none; then the longest come first.
 */
const suites: readonly Suite[] = [
  { name: 'bad-days', lab: true, argv: [node, 'test/system/bad-days.ts'] },
  { name: 'unit', lab: false, argv: [node, 'node_modules/.bin/ava'] },
  { name: 'sandbox', lab: false, argv: [node, 'test/integration/sandbox.ts'] },
  { name: 'raid', lab: true, argv: [node, 'test/accept/raid.ts'] },
  { name: 'firmware-good', lab: true, argv: [node, 'test/accept/firmware-good.ts'] },
  { name: 'firmware-refused', lab: true, argv: [node, 'test/accept/firmware-refused.ts'] },
  { name: 'firmware-fallback', lab: true, argv: [node, 'test/accept/firmware-fallback.ts', '--cases', 'core-fails'] },
  { name: 'lab', lab: true, argv: [node, 'test/lab/selftest.ts'] },
  { name: 'sites', lab: true, argv: [node, 'test/integration/sites.ts'] },
  { name: 'servers', lab: true, argv: [node, 'test/integration/servers.ts'] },
  { name: 'container', lab: true, argv: [node, 'test/integration/container.ts'] },
  { name: 'logs-forwarding', lab: true, argv: [node, 'test/accept/logs-forwarding.ts', '--away', '15'] },
  { name: 'logs-million', lab: true, argv: [node, 'test/accept/logs-million.ts', '--entries', '200000'] },
  { name: 'network-bond', lab: true, argv: [node, 'test/accept/network-bond.ts'] },
  { name: 'cluster-interop', lab: true, argv: [node, 'test/accept/cluster-interop.ts'] },
  { name: 'cluster-witness', lab: true, argv: [node, 'test/accept/cluster-witness.ts'] },
  { name: 'cluster-pair', lab: true, argv: [node, 'test/accept/cluster-pair.ts', '--kind', 'container'] },
  { name: 'cluster-replace', lab: true, argv: [node, 'test/accept/cluster-replace.ts', '--kind', 'container'] },
  { name: 'raid-pair', lab: true, argv: [node, 'test/accept/raid-pair.ts'] },
  // two machines at a time by itself
  { name: 'power-loss', lab: true, alone: true, argv: [node, 'test/accept/power-loss.ts', '--points', '3'] },
  { name: 'logging', lab: true, alone: true, argv: [node, 'test/integration/logging.ts', '--burst', '50000'] },
  // always the same faults, so that a failure is one of the change at hand; `npm run accept:cluster-soak` takes others each time
  {
    name: 'cluster-soak',
    lab: true,
    alone: true,
    argv: [node, 'test/accept/cluster-soak.ts', '--faults', '8', '--seed', '1417'],
  },
  // what only a kernel with DRBD shows: a node whose Corosync is killed must let the data volume go
  {
    name: 'cluster-soak-vm',
    lab: true,
    alone: true,
    argv: [
      node,
      'test/accept/cluster-soak.ts',
      ...['--kind', 'vm', '--lab', 'soak-vm', '--faults', '1'],
      '--only',
      'Corosync of the active node',
    ],
  },
  { name: 'network-return', lab: true, alone: true, argv: [node, 'test/accept/network-return.ts'] },
  { name: 'core-killed', lab: true, alone: true, argv: [node, 'test/accept/core-killed.ts', '--points', '2'] },
];

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** What the suite printed of its failures; nothing when it passed. */
  readonly complaints: readonly string[];
}

/** The counts a suite prints last: ours `N passed, N failed`, or ava's. A suite without counts is one test. */
function countsOf(output: string, exitCode: number): Omit<Outcome, 'complaints'> {
  const ours = [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  const passed = Number(ours?.[1] ?? /(\d+) tests? passed/.exec(output)?.[1] ?? (exitCode === 0 ? 1 : 0));
  const failed = Number(ours?.[2] ?? /(\d+) tests? failed/.exec(output)?.[1] ?? 0);
  return { passed, failed: exitCode !== 0 && failed === 0 ? 1 : failed };
}

/** Every line that says that something failed, and the last ones, which often say why. */
function complaintsIn(lines: readonly string[]): string[] {
  return lines.filter((line, index) => /NOT OK|not ok|✘|FAILED/.test(line) || index >= lines.length - 30);
}

/** Every line says whose it is, since two suites speak at a time. */
async function run({ name, argv: [program, ...rest] }: Suite): Promise<Outcome> {
  const began = Date.now();
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      if (stream === child.stdout) output += `${line}\n`;
      lines.push(`${name}: ${line}`);
      console.log(lines.at(-1));
    });
  const exitCode = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  const { passed, failed } = countsOf(output, exitCode);
  const seconds = Math.round((Date.now() - began) / 1000);
  console.log(`# ${name}: ${passed} passed, ${failed} failed in ${seconds} s`);
  return { passed, failed, complaints: failed > 0 ? complaintsIn(lines) : [] };
}

const why = process.getuid?.() !== 0 ? 'not root' : existsSync('/etc/debian_version') ? '' : 'not Debian';
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(', ')}. There are: ${suites.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const wanted = suites.filter((suite) => chosen.length === 0 || chosen.includes(suite.name));
const skipped = wanted.filter((suite) => suite.lab && why !== '');
const runnable = wanted.filter((suite) => !skipped.includes(suite));
const outcomes: Outcome[] = [];

/** Acceptance scripts that no suite runs. */
async function leftOut(): Promise<string> {
  // as package.json has it
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
    readonly scripts: Record<string, string>;
  };
  const ran = new Set(suites.flatMap(({ argv }) => argv));
  const left = Object.entries(scripts).filter(
    ([name, line]) => name.startsWith('accept:') && !ran.has(line.split(' ').at(-1) ?? ''),
  );
  return left.map(([name]) => `npm run ${name}`).join(', ');
}

async function runAll(queue: Suite[]): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) outcomes.push(await run(next));
}

const beside = runnable.filter(({ alone }) => alone !== true);
await Promise.all([runAll(beside), runAll(beside)]);
await runAll(runnable.filter(({ alone }) => alone === true));

if (chosen.length === 0)
  console.log(`Not part of it, each for its length or for a machine of its own: ${await leftOut()}`);
if (skipped.length > 0)
  console.log(`Not run: ${skipped.map(({ name }) => name).join(', ')} (${why}; they need root on Debian).`);
// once more at the end, where it is found among thousands of lines
for (const line of outcomes.flatMap(({ complaints }) => complaints)) console.log(`failed: ${line}`);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
console.log(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`);
process.exitCode = failed > 0 || (skipped.length > 0 && process.env['CI'] === 'true') ? 1 : 0;
