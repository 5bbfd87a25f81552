/** What is activated is really there: in the kernel, and in the engines' own tools. */
import { type ApplianceInLab, until } from '../accept/appliance-in-lab.ts';
import type { Case, Check } from './cases.ts';
import { batch, mustAll, network } from './guest.ts';

const keep = ['gemel settings activate --json', 'gemel settings confirm --json'];

export const nameAndTime: Case = {
  title: 'host name, time zone, DNS and NTP servers reach their engines',
  async run(appliance, check) {
    const outputs = await mustAll(appliance, [
      'gemel device host-name set box7 --domain example.org',
      'gemel time zone set Europe/Berlin',
      'gemel time server add 10.77.0.1',
      'gemel dns server add 10.77.0.1',
      'gemel dns search set example.org',
      'gemel settings activate --json',
      'hostnamectl --static; hostname; hostnamectl --transient',
      'timedatectl show -p Timezone --value; readlink /etc/localtime; date +%Z',
      'resolvectl dns; resolvectl domain',
      'cat /run/gemel/chrony/*; chronyc -n -a sources',
      'gemel device show --json; gemel time show --json; gemel dns show --json',
    ]);
    const [activated = '', names = '', zone = '', resolved = '', chrony = '', shown = ''] = outputs.slice(5);
    check(/"outcome": "confirmed"/.test(activated), 'activated, and confirmed without a window');
    check(/^box7(\.example\.org)?\nbox7/.test(names), `hostnamed and kernel: ${names.trim().replace(/\n/g, ', ')}`);
    check(/^Europe\/Berlin\n.*Europe\/Berlin\nCES?T\n/.test(zone), `timedated: ${zone.trim().replace(/\n/g, ', ')}`);
    check(/Global: 10\.77\.0\.1/.test(resolved), `resolved: ${resolved.split('\n')[0]}`);
    check(/Global:.* example\.org/.test(resolved), 'and its search domain');
    check(/^server 10\.77\.0\.1 .*iburst/m.test(chrony), 'the file for chrony has the server');
    check(/^\^[?*+-x~] 10\.77\.0\.1 /m.test(chrony), 'and chronyc sources lists it');
    check(
      /box7\.example\.org/.test(shown) && /Europe\/Berlin/.test(shown) && /"address": "10\.77\.0\.1"/.test(shown),
      'gemel shows the same',
    );
  },
};

export const everyKindOfNetwork: Case = {
  title: 'VLAN, static route, IPv6 address and MTU come and go',
  async run(appliance, check) {
    const before = await network(appliance);
    await mustAll(appliance, [
      'gemel network vlan create bond0 77 --address 10.79.0.11/24',
      'gemel network route add 192.168.0.0/16 10.77.0.1',
      'gemel network address add bond0 fd77::11/64',
      'gemel network bond set bond0 --mtu 1400',
      ...keep,
    ]);
    const [link = '', vlan = '', routes = '', ipv6 = ''] = await mustAll(appliance, [
      'ip link show bond0; ip link show enp0s4; ip link show enp0s5',
      'ip -d link show bond0.77; ip -4 addr show bond0.77',
      'ip route show 192.168.0.0/16',
      'ip -6 addr show bond0 scope global',
    ]);
    check((link.match(/ mtu 1400 /g) ?? []).length === 3, 'the MTU of bond and members is 1400');
    check(
      /vlan protocol 802\.1Q id 77 /.test(vlan) && /10\.79\.0\.11\/24/.test(vlan),
      'VLAN 77 is on bond0, with address',
    );
    check(/192\.168\.0\.0\/16 via 10\.77\.0\.1 dev bond0/.test(routes), `route: ${routes.trim()}`);
    check(/fd77::11\/64/.test(ipv6), 'the IPv6 address is there');
    await until('fd77::11 to answer', 20, async () => appliance.answersPing('fd77::11'));
    check(true, 'and answers a client');
    await mustAll(appliance, [
      'gemel network vlan delete bond0.77',
      'gemel network route remove 192.168.0.0/16',
      'gemel network address remove bond0 fd77::11/64',
      'gemel network bond set bond0 --unset mtu',
      ...keep,
    ]);
    check((await network(appliance)) === before, 'removed again, the kernel is as before');
  },
};

/** As /proc/net/bonding words them. */
const modes = [
  ['balance-rr', 'load balancing (round-robin)'],
  ['active-backup', 'fault-tolerance (active-backup)'],
  ['balance-xor', 'load balancing (xor)'],
  ['broadcast', 'fault-tolerance (broadcast)'],
  ['802.3ad', 'IEEE 802.3ad Dynamic link aggregation'],
  ['balance-tlb', 'transmit load balancing'],
  ['balance-alb', 'adaptive load balancing'],
] as const;

export const everyBondMode: Case = {
  title: 'every bond mode',
  async run(appliance, check) {
    await mustAll(appliance, [
      'gemel network link set enp0s6 --ipv4 none',
      'gemel network bond create bond1 --members enp0s6,enp0s7 --address 10.78.0.11/24',
    ]);
    for (const [mode, words] of modes) await checkMode(appliance, check, mode, words);
    check(await appliance.answersPing(), 'bond0 was not disturbed');
  },
};

async function checkMode(appliance: ApplianceInLab, check: Check, mode: string, words: string): Promise<void> {
  const outputs = await batch(appliance, [
    `gemel network bond set bond1 --mode ${mode}`,
    ...keep,
    'cat /proc/net/bonding/bond1',
    'ip -o -4 addr show bond1',
  ]);
  const [edited, activated, confirmed, kernel, addresses] = outputs;
  const members = [...(kernel?.stdout ?? '').matchAll(/^Slave Interface: (\S+)$/gm)]
    .map((match) => match[1])
    .toSorted();
  const wrong = [edited, activated, confirmed].find((output) => output?.code !== 0);
  check(
    wrong === undefined &&
      kernel?.stdout.includes(`Bonding Mode: ${words}\n`) === true &&
      members.join() === 'enp0s6,enp0s7' &&
      addresses?.stdout.includes('10.78.0.11/24') === true,
    `${mode}: ${words}, ${members.join(' and ')}${wrong === undefined ? '' : `: ${wrong.stdout}${wrong.stderr}`}`,
  );
}
