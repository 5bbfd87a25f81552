/**
 * A bond change in the VM, up to "awaiting confirmation" and without the probes' waiting, beside writing the same files by
 * hand and `networkctl reload`. Both ends are the same: networkd has the bond configured with its new address.
 */
import { ApplianceInLab } from '../accept/appliance-in-lab.ts';
import { type Figure, median } from './figure.ts';

const rounds = 7;

export async function run(): Promise<readonly Figure[]> {
  await using appliance = await ApplianceInLab.up('bench-activation');
  await appliance.makeBond();
  const ours: number[] = [];
  const byHand: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [from, to] = round % 2 === 0 ? [21, 22] : [22, 21];
    ours.push(await activate(appliance, round === 0 ? undefined : from, to));
    byHand.push(await reload(appliance, to, from));
    byHand.push(await reload(appliance, from, to));
  }
  return [
    {
      name: 'network: activation of a bond change in the VM, without the probes',
      unit: 'ms',
      figure: median(ours),
      peer: { name: 'same files by hand and networkctl reload', figure: median(byHand) },
      limit: { kind: 'at most', value: 1.5 },
    },
  ];
}

/** One activation as core's log has it: from the request to "awaiting confirmation", without the time of the probes. */
async function activate(appliance: ApplianceInLab, from: number | undefined, to: number): Promise<number> {
  if (from !== undefined) await appliance.gemel('network', 'address', 'remove', 'bond0', `10.77.0.${from}/24`);
  await appliance.gemel('network', 'address', 'add', 'bond0', `10.77.0.${to}/24`);
  await appliance.gemel('settings', 'activate');
  await appliance.gemel('settings', 'confirm');
  const lines = await appliance.sh(
    'journalctl -u gemel-core -o cat --no-pager | grep "revision activated" | tail -n 1',
  );
  const { totalMs, probeMs } = JSON.parse(lines) as { readonly totalMs: number; readonly probeMs: number }; // core's own log
  return totalMs - probeMs;
}

/** The same by hand inside the VM: the file with the other address, reload, until the address is there. */
async function reload(appliance: ApplianceInLab, from: number, to: number): Promise<number> {
  const text = await appliance.sh(
    `f=$(grep -l 10.77.0.${from}/24 /run/systemd/network/*.network); t0=$(date +%s%N); ` +
      `sed "s#10.77.0.${from}/24#10.77.0.${to}/24#" $f > $f.new && mv $f.new $f && networkctl reload && ` +
      `until ip -4 -o addr show bond0 | grep -q 10.77.0.${to}/24 && networkctl --json=short status bond0 | grep -q '"AdministrativeState":"configured"'; do :; done; ` +
      `t1=$(date +%s%N); echo $(( (t1 - t0) / 1000 ))`,
  );
  return Number(text.trim()) / 1_000;
}
