/**
 * Writing to the data volume of a pair, beside the same volume with DRBD's defaults as somebody sets them up by hand: the same disks, network and
 * file system, one right after the other. In two VMs, a quarter of an hour where they are emulated.
 */
import { createPair } from '../soak/gemel-pair.ts';
import { nodeNames, PairInLab, until } from '../soak/pair-in-lab.ts';
import { type Figure, middlePair, type Pair } from './figure.ts';

const rounds = 5;
const mebibytes = 48;
const gemelFile = '/var/lib/gemel/cluster/drbd.d/gemel.res';
const plainFile = '/run/plain.res';

export async function run(): Promise<readonly Figure[]> {
  await using pair = await PairInLab.up('bench-writes', 'vm');
  await createPair(pair);
  const plain = withDefaults(await pair.sh('a', `cat ${gemelFile}`));
  for (const node of nodeNames) await pair.put(node, plainFile, plain);
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1)
    pairs.push({ figure: await writtenWith(pair, gemelFile), peer: await writtenWith(pair, plainFile) });
  const { figure, peer } = middlePair(pairs);
  return [
    {
      name: 'cluster: replicated writes to the data volume',
      unit: 'MB/s',
      figure,
      peer: { name: 'DRBD with its defaults', figure: peer },
      limit: { kind: 'at least', value: 0.9 },
    },
  ];
}

/** Only what says which volume and which nodes. Who holds the shared secret stays the same, or they would not connect. */
function withDefaults(text: string): string {
  const secret = /^\s*(?:cram-hmac-alg|shared-secret) .*$/gm;
  const kept = [...text.matchAll(secret)].map(([line]) => line).join('\n');
  return text
    .replace(/^ {2}(disk|handlers) \{[^}]*\}\n/gm, '')
    .replace(/^ {2}net \{[^}]*\}\n/m, `  net {\n${kept}\n  }\n`);
}

/** MB in a second, as dd says. */
async function writtenWith(pair: PairInLab, file: string): Promise<number> {
  for (const node of nodeNames) await pair.sh(node, `drbdadm --config-file ${file} adjust gemel`);
  await until('DRBD to be connected', 120, async () => {
    const states = await pair.sh('a', 'drbdadm cstate gemel; drbdadm dstate gemel');
    return states.trim() === 'Connected\nUpToDate/UpToDate';
  });
  const write = `dd if=/dev/zero of=/srv/gemel/bench bs=1M count=${mebibytes} oflag=direct conv=fsync 2>&1`;
  const said = await pair.sh('a', `${write}; rm /srv/gemel/bench`);
  const [, seconds] = /copied, ([\d.]+) s/.exec(said) ?? [];
  if (seconds === undefined) throw new Error(`dd said: ${said}`);
  return (mebibytes * 1.048576) / Number(seconds);
}
