/** Runs the suites one after the other and closes with one line that counts them all. `npm test -- NAME …` runs some. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

interface Suite {
  readonly name: string;
  /** Needs root on Debian: containers, virtual machines, image builds. */
  readonly lab: boolean;
  readonly argv: readonly [string, ...string[]];
}

const node = 'node_modules/.bin/node';

/** The acceptance scripts run whole by `npm run accept:NAME`; here with fewer random points, so that all suites fit into an hour. */
const suites: readonly Suite[] = [
  { name: 'unit', lab: false, argv: [node, 'node_modules/.bin/ava'] },
  { name: 'sandbox', lab: false, argv: [node, 'test/integration/sandbox.ts'] },
  { name: 'container', lab: true, argv: [node, 'test/integration/container.ts'] },
  { name: 'servers', lab: true, argv: [node, 'test/integration/servers.ts'] },
  { name: 'sites', lab: true, argv: [node, 'test/integration/sites.ts'] },
  { name: 'logging', lab: true, argv: [node, 'test/integration/logging.ts', '--burst', '50000'] },
  { name: 'logs-forwarding', lab: true, argv: [node, 'test/accept/logs-forwarding.ts', '--away', '15'] },
  { name: 'lab', lab: true, argv: [node, 'test/lab/selftest.ts'] },
  { name: 'cluster-pair', lab: true, argv: [node, 'test/accept/cluster-pair.ts', '--kind', 'container'] },
  { name: 'cluster-interop', lab: true, argv: [node, 'test/accept/cluster-interop.ts'] },
  // always the same faults, so that a failure is one of the change at hand; `npm run accept:cluster-soak` takes others each time
  { name: 'cluster-soak', lab: true, argv: [node, 'test/accept/cluster-soak.ts', '--faults', '8', '--seed', '1417'] },
  { name: 'bad-days', lab: true, argv: [node, 'test/system/bad-days.ts'] },
  { name: 'network-bond', lab: true, argv: [node, 'test/accept/network-bond.ts'] },
  { name: 'network-return', lab: true, argv: [node, 'test/accept/network-return.ts'] },
  { name: 'core-killed', lab: true, argv: [node, 'test/accept/core-killed.ts', '--points', '2'] },
  { name: 'power-loss', lab: true, argv: [node, 'test/accept/power-loss.ts', '--points', '3'] },
  { name: 'firmware-refused', lab: true, argv: [node, 'test/accept/firmware-refused.ts'] },
  { name: 'firmware-good', lab: true, argv: [node, 'test/accept/firmware-good.ts'] },
  { name: 'firmware-fallback', lab: true, argv: [node, 'test/accept/firmware-fallback.ts', '--cases', 'core-fails'] },
  { name: 'raid', lab: true, argv: [node, 'test/accept/raid.ts'] },
  { name: 'raid-pair', lab: true, argv: [node, 'test/accept/raid-pair.ts'] },
];

interface Outcome {
  readonly passed: number;
  readonly failed: number;
}

/** The counts a suite prints last: ours `N passed, N failed`, or ava's. A suite without counts is one test. */
function countsOf(output: string, exitCode: number): Outcome {
  const ours = [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  const passed = Number(ours?.[1] ?? /(\d+) tests? passed/.exec(output)?.[1] ?? (exitCode === 0 ? 1 : 0));
  const failed = Number(ours?.[2] ?? /(\d+) tests? failed/.exec(output)?.[1] ?? 0);
  return { passed, failed: exitCode !== 0 && failed === 0 ? 1 : failed };
}

async function run(suite: Suite): Promise<Outcome> {
  const [program, ...rest] = suite.argv;
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  const exitCode = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  return countsOf(output, exitCode);
}

const why = process.getuid?.() !== 0 ? 'not root' : existsSync('/etc/debian_version') ? '' : 'not Debian';
const chosen = process.argv.slice(2);
const wanted = suites.filter((suite) => chosen.length === 0 || chosen.includes(suite.name));
let passed = 0;
let failed = 0;
const skipped: string[] = [];

for (const suite of wanted) {
  if (suite.lab && why !== '') {
    skipped.push(suite.name);
    continue;
  }
  const began = Date.now();
  console.log(`# ${suite.name}`);
  const outcome = await run(suite);
  passed += outcome.passed;
  failed += outcome.failed;
  console.log(
    `# ${suite.name}: ${outcome.passed} passed, ${outcome.failed} failed in ${Math.round((Date.now() - began) / 1000)} s`,
  );
}

if (skipped.length > 0) console.log(`Not run: ${skipped.join(', ')} (${why}; they need root on Debian).`);
console.log(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`);
process.exitCode = failed > 0 || (skipped.length > 0 && process.env['CI'] === 'true') ? 1 : 0;
