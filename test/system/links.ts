/** Cables, NICs and names that come and go under a bond. */
import { type ApplianceInLab, until } from '../accept/appliance-in-lab.ts';
import type { Case, Check } from './cases.ts';
import { batch, holdsWithin, mustAll } from './guest.ts';

/** How the state of bond0 is asked for; the watch looks again at most 10 s after the kernel changed. */
const showBonds = 'gemel status show network.bonds --json';
const patienceSeconds = 60;

export const carrierLost: Case = {
  title: 'carrier loss of the active member, and of all',
  async run(appliance, check) {
    const { lab } = appliance;
    await mustAll(appliance, ['ip link set dev bond0 type bond active_slave enp0s4']);
    await lab.cut('external', { node: 'a', port: 0 });
    check(
      await holdsWithin(appliance, 20, '[ "$(cat /sys/class/net/bond0/bonding/active_slave)" = enp0s5 ]'),
      'the kernel takes the other member',
    );
    check(await appliance.answersPing(), 'the appliance still answers');
    await bondIs(appliance, check, 'degraded', 'network.bond.degraded', '"failed": \\[ "enp0s4" \\]');
    await lab.heal('external', { node: 'a', port: 0 });
    await bondIs(appliance, check, 'ok', 'network.bond.recovered', '"bond": "bond0"');
    await lab.cut('external', { node: 'a' });
    await bondIs(appliance, check, 'down', 'network.bond.down', '"bond": "bond0"');
    await lab.heal('external', { node: 'a' });
    check(await holdsWithin(appliance, patienceSeconds, `${showBonds} | grep -q '"condition": "ok"'`), 'healed: OK');
    await until('the appliance to answer', 20, async () => appliance.answersPing());
    check(true, 'and it answers again');
  },
};

export const nicUnplugged: Case = {
  title: 'a NIC is unplugged and comes back',
  async run(appliance, check) {
    const [before = ''] = await mustAll(appliance, ['gemel settings show network --json']);
    await mustAll(appliance, ['echo 1 > /sys/bus/pci/devices/0000:00:04.0/remove', '[ ! -e /sys/class/net/enp0s4 ]']);
    check(await appliance.answersPing(), 'the remaining member carries the bond');
    await bondIs(appliance, check, 'degraded', 'network.link.disappeared', '"interface": "enp0s4"');
    const [bonds, settings, verified] = await batch(appliance, [
      showBonds,
      'gemel settings show network --json',
      'gemel settings verify --json',
    ]);
    check(memberState(bonds?.stdout ?? '', 'enp0s4') === 'missing', 'the state says that enp0s4 is missing');
    check(settings?.stdout === before, 'its configuration is kept');
    check(/enp0s4 is missing\. Its configuration is kept/.test(verified?.stdout ?? ''), 'verification says so too');
    await mustAll(appliance, ['echo 1 > /sys/bus/pci/rescan']);
    await memberReturns(appliance, check);
  },
};

/** Of bond0, in what `gemel status show network.bonds --json` prints. */
export function memberState(stdout: string, member: string): string | undefined {
  // the shape of the status network.bonds
  const { value } = JSON.parse(stdout) as {
    value: { bonds: readonly { name: string; members: readonly { name: string; state: string }[] }[] };
  };
  return value.bonds.find(({ name }) => name === 'bond0')?.members.find(({ name }) => name === member)?.state;
}

/** By itself, a while after its NIC did. */
export async function memberReturns(appliance: ApplianceInLab, check: Check): Promise<void> {
  check(
    await holdsWithin(appliance, patienceSeconds, 'grep -q "Slave Interface: enp0s4" /proc/net/bonding/bond0'),
    'with the NIC its membership returns',
  );
  await bondIs(appliance, check, 'ok', 'network.bond.recovered', '"bond": "bond0"');
}

/** The condition in the status, and the event that told it. */
export async function bondIs(
  appliance: ApplianceInLab,
  check: Check,
  condition: string,
  event: string,
  payload: string,
): Promise<void> {
  const status = `${showBonds} | tr -d '\\n' | tr -s ' ' | grep -q '"name": "bond0", "condition": "${condition}"'`;
  check(await holdsWithin(appliance, patienceSeconds, status), `the status of bond0 is ${condition}`);
  const told = `gemel events list --prefix ${event} --json | tr -d '\\n' | tr -s ' ' | grep '${payload}'`;
  check(await holdsWithin(appliance, patienceSeconds, told), `event ${event}`);
}

export const nicRenamed: Case = {
  title: 'a NIC gets another name',
  async run(appliance, check) {
    await mustAll(appliance, ['ip link set dev enp0s5 name lan7', 'networkctl reload']);
    check(
      await holdsWithin(
        appliance,
        20,
        'grep -q "Slave Interface: lan7" /proc/net/bonding/bond0 && [ "$(ls -d /sys/class/net/bond0/lower_* | wc -l)" = 2 ]',
      ),
      'under its new name it is still a member of bond0',
    );
    check(
      await holdsWithin(
        appliance,
        20,
        'networkctl status lan7 --no-pager | grep -q "Network File: /run/systemd/network/20-gemel-enp0s5.network"',
      ),
      'networkd configures it by its hardware address',
    );
    check(
      await holdsWithin(
        appliance,
        patienceSeconds,
        `gemel status show network.links --json | tr -d '\\n' | tr -s ' ' | grep -q '"name": "enp0s5", "condition": "ok", "link": "lan7"'`,
      ),
      'gemel shows it as enp0s5, now lan7',
    );
    check(
      await holdsWithin(
        appliance,
        patienceSeconds,
        `gemel events list --prefix network.link.renamed --json | grep '"before": "enp0s5"'`,
      ),
      'event network.link.renamed',
    );
    const [verified, activated] = await batch(appliance, [
      'gemel settings verify --json',
      'gemel network address add enp0s6 10.78.0.12/24 && gemel settings activate --json && gemel settings confirm --json',
    ]);
    check(
      /The NIC configured as enp0s5 \(52:54:00:77:01:01\) is now called lan7/.test(verified?.stdout ?? ''),
      'verification tells the new name',
    );
    check(activated?.code === 0 && (await appliance.answersPing()), 'settings can be activated all the same');
  },
};
