/** An operator cuts himself off: the network comes back by itself, inside the window and not later. */
import { forceOptions } from './address-change.ts';
import { ApplianceInLab, check, until } from './appliance-in-lab.ts';

const windowSeconds = 20;

interface Activation {
  readonly value: { readonly state: string };
}

await using appliance = await ApplianceInLab.up('accept-return');
await appliance.makeBond();
const before = await appliance.sh(
  'cat /proc/net/bonding/bond0 | grep -E "Mode|Slave Interface"; ip -o -4 addr show bond0 | cut -d" " -f7',
);

await appliance.gemel('network', 'address', 'remove', 'bond0', '10.77.0.11/24');
await appliance.gemel('network', 'address', 'add', 'bond0', '10.99.0.11/24');
await appliance.gemel(
  'settings',
  'activate',
  '--confirm-seconds',
  String(windowSeconds),
  ...(await forceOptions(appliance)),
);
const activatedAt = performance.now();
check(!(await appliance.answersPing()), 'the way in is gone after the activation');
await until('the way in to return', windowSeconds + 30, async () => appliance.answersPing());
const seconds = (performance.now() - activatedAt) / 1_000;
check(seconds <= windowSeconds, `back after ${seconds.toFixed(1)} s with a window of ${windowSeconds} s`);
const after = await appliance.sh(
  'cat /proc/net/bonding/bond0 | grep -E "Mode|Slave Interface"; ip -o -4 addr show bond0 | cut -d" " -f7',
);
check(after === before, `the network is the old one:\n${after}`);
const { value } = await appliance.gemelJson<Activation>('status', 'show', 'settings.activation');
check(value.state === 'rolled-back', `gemel says ${value.state}`);
console.log(`the old network was back ${seconds.toFixed(1)} s after the activation (window ${windowSeconds} s)`);
