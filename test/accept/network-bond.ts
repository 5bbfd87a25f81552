/** bond0 and bond1 over real NICs by the `gemel` command: activated, confirmed, and kernel, networkd and Gemel agree. */
import { ApplianceInLab, check } from './appliance-in-lab.ts';

interface BondList {
  readonly bonds: readonly {
    readonly name: string;
    readonly mode: string;
    readonly members: readonly { readonly name: string; readonly state: string }[];
  }[];
}

await using appliance = await ApplianceInLab.up('accept-bond');
const nics = (await appliance.nics()).map(({ name }) => name);
check(nics.length === 4, `four NICs: ${nics.join(', ')}`);
const [external0, external1, sync0, sync1] = nics;

console.log(await appliance.gemel('network', 'mode', 'set', 'advanced', '--yes'));
await appliance.gemel(
  ...['network', 'bond', 'create', 'bond0', '--members', `${external0},${external1}`, '--mode', 'active-backup'],
  ...['--address', '10.77.0.11/24', '--gateway', '10.77.0.1'],
);
await appliance.gemel(
  ...[
    'network',
    'bond',
    'create',
    'bond1',
    '--members',
    `${sync0},${sync1}`,
    '--mode',
    '802.3ad',
    '--lacp-rate',
    'fast',
  ],
  ...['--address', '10.78.0.11/24'],
);
console.log(await appliance.gemel('settings', 'plan'));
const began = performance.now();
console.log(await appliance.gemel('settings', 'activate', '--comment', 'two bonds'));
const seconds = (performance.now() - began) / 1_000;
console.log(await appliance.gemel('settings', 'confirm'));

for (const [bond, mode, members] of [
  ['bond0', 'fault-tolerance (active-backup)', [external0, external1]],
  ['bond1', 'IEEE 802.3ad Dynamic link aggregation', [sync0, sync1]],
] as const) {
  const kernel = await appliance.sh(`cat /proc/net/bonding/${bond}`);
  check(kernel.includes(`Bonding Mode: ${mode}`), `the kernel has ${bond} as ${mode}`);
  const inKernel = [...kernel.matchAll(/^Slave Interface: (\S+)$/gm)].map((match) => match[1]).toSorted();
  check(inKernel.join() === members.toSorted().join(), `the kernel's members of ${bond}: ${inKernel.join(', ')}`);
  const networkctl = await appliance.sh(`networkctl status ${bond} --no-pager`);
  check(/State: routable \(configured\)/.test(networkctl), `networkctl has ${bond} routable and configured`);
}
const listed = await appliance.gemelJson<BondList>('network', 'bond', 'list');
const gemel = listed.bonds.map(
  ({ name, mode, members }) =>
    `${name} ${mode} ${members
      .map((m) => m.name)
      .toSorted()
      .join(' ')}`,
);
check(
  gemel.join('; ') ===
    `bond0 active-backup ${[external0, external1].toSorted().join(' ')}; bond1 802.3ad ${[sync0, sync1].toSorted().join(' ')}`,
  `gemel lists the same: ${gemel.join('; ')}`,
);
check(await appliance.answersPing(), 'a client reaches the appliance over bond0');
console.log(await appliance.gemel('network', 'bond', 'list'));
console.log(`two bonds activated in ${seconds.toFixed(1)} s; kernel, networkd and gemel agree`);
