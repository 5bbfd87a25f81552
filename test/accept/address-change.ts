/** A change of bond0's address from old to new, step by step, and what is true afterwards. */
import { address, type ApplianceInLab } from './appliance-in-lab.ts';

export const newAddress = '10.77.0.12';

export type Network = 'old' | 'new' | 'neither';

/** Edits, activates and confirms; tells each step that was acknowledged. */
export async function changeAddress(appliance: ApplianceInLab, acknowledged: (step: string) => void): Promise<void> {
  await appliance.gemel('network', 'address', 'remove', 'bond0', `${address}/24`);
  await appliance.gemel('network', 'address', 'add', 'bond0', `${newAddress}/24`);
  acknowledged('edited');
  await appliance.gemel('settings', 'activate', ...(await forceOptions(appliance)));
  acknowledged('activated');
  await appliance.gemel('settings', 'confirm');
  acknowledged('confirmed');
}

/** The warnings that a change deserves, overridden as an operator would who knows better. */
export async function forceOptions(appliance: ApplianceInLab): Promise<readonly string[]> {
  const { stdout } = await appliance.exec('gemel', 'settings', 'verify', '--json');
  const codes = new Set([...stdout.matchAll(/"forceCode":\s*"([^"]+)"/g)].map((match) => match[1] ?? ''));
  return [...codes].flatMap((code) => ['--force', code]);
}

/** What the kernel has: exactly the old network, exactly the new one, or something else. */
export async function kernelNetwork(appliance: ApplianceInLab): Promise<Network> {
  const text = await appliance.sh(
    'ip -o -4 addr show bond0 scope global | awk \'{print $4}\' | tr "\\n" " "; grep -c "^Slave Interface" /proc/net/bonding/bond0; ip -4 route show default',
  );
  const has = (expected: string) =>
    text.startsWith(`${expected}/24 2\n`) && text.includes('default via 10.77.0.1 dev bond0');
  return has(address) ? 'old' : has(newAddress) ? 'new' : 'neither';
}

/** What Gemel holds as confirmed. */
export async function confirmedNetwork(appliance: ApplianceInLab): Promise<Network> {
  const text = await appliance.gemel('settings', 'show', 'network/bonds/bond0', '--of', 'confirmed', '--json');
  const { value } = JSON.parse(text) as { readonly value: unknown }; // as the action's output schema says
  const old = JSON.stringify(value).includes(`${address}/24`);
  const fresh = JSON.stringify(value).includes(`${newAddress}/24`);
  return old === fresh ? 'neither' : old ? 'old' : 'new';
}
