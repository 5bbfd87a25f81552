/** A hundred sites on one appliance in a container: what looking at them costs, and what they cost besides their own processes. */
import { SitesLab } from '../integration/sites-lab.ts';
import { type Figure, median } from './figure.ts';

const sites = 100;
const rounds = 7;

export async function run(): Promise<readonly Figure[]> {
  await using lab = await SitesLab.up('bench-sites');
  await lab.install('pages', '1.37');
  const before = await management(lab);
  const names = Array.from({ length: sites }, (_, number) => `s${number + 1}`);
  await lab.sh(`for name in ${names.join(' ')}; do gemel site create $name pages --start >/dev/null || exit 1; done`);
  // A status is read anew when it is a second old.
  await lab.sh('sleep 2');
  const status = await times(lab, 'gemel status', /100 of 100 running/);
  const list = await times(lab, 'gemel site list', /s100 .*running/);
  const after = await management(lab);
  const at300 = { kind: 'at most', value: 300 } as const;
  return [
    { name: `gemel status with ${sites} sites`, unit: 'ms', figure: median(status), limit: at300 },
    { name: `gemel site list with ${sites} sites`, unit: 'ms', figure: median(list), limit: at300 },
    {
      name: 'memory of systemd and core for each site, besides its own processes',
      unit: 'MB',
      figure: (after - before) / sites / 1_000_000,
      limit: { kind: 'at most', value: 1 },
    },
  ];
}

async function times(lab: SitesLab, command: string, expected: RegExp): Promise<readonly number[]> {
  const measured: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const output = await lab.sh(
      `began=$EPOCHREALTIME; ${command}; ended=$EPOCHREALTIME; echo "took $((\${ended/./} - \${began/./}))"`,
    );
    if (!expected.test(output)) throw new Error(`${command} does not show the sites:\n${output}`);
    measured.push(Number(/took (\d+)/.exec(output)?.[1]) / 1_000);
  }
  return measured;
}

/** Resident bytes of process 1 and core, after core had time to tidy up. */
async function management(lab: SitesLab): Promise<number> {
  const line =
    'sleep 3; for pid in 1 $(systemctl show --value -p MainPID gemel-core); do grep VmRSS /proc/$pid/status; done';
  const kilobytes = [...(await lab.sh(line)).matchAll(/VmRSS:\s+(\d+)/g)].map(([, size]) => Number(size));
  return kilobytes.reduce((sum, size) => sum + size, 0) * 1_024;
}
