/**
 * Twenty prometheus sites on a pair of containers, and the active node loses its power: how long each of them does not answer a client
 * at the cluster IP. Each site's outage goes to standard error.
 */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { cachedSiteVersion } from '../../site-types/site-version.ts';
import type { NodeName } from '../lab/lab-layout.ts';
import { ClientProcess } from '../soak/client-process.ts';
import { createPair } from '../soak/gemel-pair.ts';
import { clusterIp, otherOf, PairInLab, until } from '../soak/pair-in-lab.ts';
import { type Figure, median } from './figure.ts';

const sites = 20;
const firstPort = 8_001;
const path = (number: number) => `/s${number}/-/ready`;
/** Twenty processes that read their data at once share two processors; the last one must still answer. */
const answerSeconds = 120;

export async function run(): Promise<readonly Figure[]> {
  await using pair = await PairInLab.up('bench-cluster-sites', 'container');
  await createPair(pair);
  const active = await pair.active();
  // The other node gets it from this one.
  await install(pair, active);
  const names = Array.from({ length: sites }, (_, index) => `s${index + 1}`);
  const make =
    'gemel site create $name prometheus --port $((8000 + ${name#s})) --memory 256 --start >/dev/null || exit 1';
  await pair.sh(active, `for name in ${names.join(' ')}; do ${make}; done`, 900);
  await pair.redundant(120);

  await using client = new ClientProcess(
    pair.lab,
    'poll-each',
    clusterIp,
    `${firstPort}-${firstPort + sites - 1}`,
    '/s%/-/ready',
  );
  await allAnswer(client);
  const began = Date.now();
  await pair.lab.kill(active);
  await until('the cluster IP to move', 60, async () => (await pair.holders())[0] === otherOf(active));
  await allAnswer(client);
  const ended = Date.now();
  const outages = names.map((_, index) => client.longestSilence(began, ended, path(index + 1)) / 1_000);
  console.error(`  outage of each site: ${outages.map((seconds) => seconds.toFixed(2)).join(' ')} s`);
  return [
    {
      name: `cluster: outage of ${sites} prometheus sites after power loss, median`,
      unit: 's',
      figure: median(outages),
      limit: { kind: 'at most', value: 15 },
    },
    {
      name: `cluster: outage of the last of ${sites} prometheus sites after power loss`,
      unit: 's',
      figure: Math.max(...outages),
      limit: { kind: 'at most', value: 30 },
    },
  ];
}

/** Every site answered within the last second. */
async function allAnswer(client: ClientProcess): Promise<void> {
  await until('every site to answer', answerSeconds, async () => {
    const recent = client.answers.filter(({ askedAt }) => askedAt > Date.now() - 1_000).map((answer) => answer.path);
    return new Set(recent).size === sites;
  });
}

async function install(pair: PairInLab, node: NodeName): Promise<void> {
  const description = await cachedSiteVersion('prometheus', '2.53', (line) => console.error(line));
  // as the recipe's builder wrote it
  const { image } = JSON.parse(await readFile(description, 'utf8')) as { image: { file: string } };
  const incoming = '/var/lib/gemel/incoming';
  await pair.sh(node, `mkdir -p ${incoming}`);
  for (const file of [description, join(dirname(description), image.file)]) {
    const target = `${incoming}/${basename(file)}`;
    await pair.lab
      .node(node)
      .must(['sh', '-c', `cat > ${target}`], { input: await readFile(file), timeoutSeconds: 300 });
  }
  await pair.sh(node, `gemel site version upload ${incoming}/${basename(description)}`, 300);
}
