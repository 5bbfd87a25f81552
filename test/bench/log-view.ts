/** The newest thousand entries that fit a filter, of a journal of a gigabyte, beside journalctl itself. In a container. */
import { LoggingLab } from '../integration/logging-lab.ts';
import { type Figure, middlePair, type Pair } from './figure.ts';

const rounds = 7;
const gibibyte = 1_024 ** 3;
/** One in a hundred entries fits, so that a hundred thousand are looked at. */
const filters = ['--lines=1000', '--grep=number \\d+77;'];

export async function run(): Promise<readonly Figure[]> {
  await using lab = await LoggingLab.up('bench-log-view');
  await lab.sh('a', 'gemel settings set journal/maxMegabytes 2048 && gemel settings activate');
  for (let filled = 0; filled < 0.95 * gibibyte; filled = await journalBytes(lab)) await lab.burst('fill', 200_000);
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const figure = await milliseconds(lab, ['gemel', 'log', 'show', ...filters]);
    pairs.push({ figure, peer: await milliseconds(lab, ['journalctl', '--quiet', ...filters]) });
  }
  const { figure, peer } = middlePair(pairs);
  return [
    {
      name: 'newest 1,000 entries of a 1 GB journal that fit a pattern',
      unit: 'ms',
      figure,
      peer: { name: 'journalctl', figure: peer },
      limit: { kind: 'at most', value: 1.3 },
    },
  ];
}

async function journalBytes(lab: LoggingLab): Promise<number> {
  return Number((await lab.sh('a', 'du -sB1 /var/log/journal')).split('\t')[0]);
}

async function milliseconds(lab: LoggingLab, argv: readonly string[]): Promise<number> {
  const began = performance.now();
  const { stdout } = await lab.lab.node('a').exec(argv);
  const took = performance.now() - began;
  const lines = stdout.split('\n').filter((line) => line.includes('number ')).length;
  if (lines !== 1_000) throw new Error(`${argv.join(' ')} gave ${lines} entries`);
  return took;
}
