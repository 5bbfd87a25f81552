/** Cold boots: without core, without a NIC, and with a damaged archive of the confirmed network. */
import { address, type ApplianceInLab, until } from '../accept/appliance-in-lab.ts';
import type { Case } from './cases.ts';
import { activation, batch, holdsWithin, mustAll, network } from './guest.ts';
import { bondIs, memberReturns, memberState } from './links.ts';

/** Somebody else's service that hangs on the network; it notes what it found. */
const stranger = `cat > /etc/systemd/system/stranger.service <<'END'
[Unit]
Wants=gemel-network.target
After=gemel-network.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'ip -br addr > /data/stranger; systemctl is-active gemel-core >> /data/stranger; ls /run/systemd/network >> /data/stranger'
[Install]
WantedBy=multi-user.target
END
rm -f /data/stranger; systemctl enable stranger.service`;

/** Takes the first NIC away before anybody configures it. */
const nicMissing = `cat > /etc/systemd/system/nic-missing.service <<'END'
[Unit]
DefaultDependencies=no
Before=gemel-restore.service systemd-networkd.service systemd-udev-trigger.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'echo 1 > /sys/bus/pci/devices/0000:00:04.0/remove'
[Install]
WantedBy=sysinit.target
END
systemctl enable nic-missing.service`;

const bootSeconds = 600;

export const rebootWithoutCoreAndNic: Case = {
  title: 'gemel device reboot, with core disabled and a NIC missing at the boot',
  async run(appliance, check) {
    const [, , , bootId = ''] = await mustAll(appliance, [
      stranger,
      nicMissing,
      'systemctl disable gemel-core.service',
      'cat /proc/sys/kernel/random/boot_id',
      'gemel device reboot --yes',
    ]);
    const { verdict, seconds } = await restarted(appliance, bootId);
    check(true, `it restarted and is ${verdict} after ${seconds.toFixed(0)} s`);
    const [core, kernel, noted, failed] = await batch(appliance, [
      'systemctl is-active gemel-core; pgrep -f /usr/lib/gemel/core',
      'cat /proc/net/bonding/bond0; ls /sys/class/net',
      'cat /data/stranger',
      'systemctl list-units --failed --plain --no-legend',
    ]);
    check(failed?.stdout === '', `no unit failed ${failed?.stdout.trim()}`);
    check(core?.stdout === 'inactive\n', 'core does not run');
    check(
      /Slave Interface: enp0s5/.test(kernel?.stdout ?? '') && !/enp0s4/.test(kernel?.stdout ?? ''),
      'bond0 works with the NIC that is there',
    );
    // Without its first NIC the bond has another hardware address; the client's neighbour table still holds the old one.
    await until('the appliance to answer', 30, async () => appliance.answersPing());
    check(true, 'the appliance answers, without core');
    check(
      new RegExp(`bond0 .*${address}/24`).test(noted?.stdout ?? '') && /\ninactive\n/.test(noted?.stdout ?? ''),
      "a stranger's unit was started after the network, without core",
    );
    await mustAll(appliance, ['systemctl start gemel-core']);
    const { confirmed } = await activation(appliance);
    const [bonds = '', settings = ''] = await mustAll(appliance, [
      'gemel status show network.bonds --json',
      'gemel settings show network/bonds/bond0 --json',
    ]);
    check(memberState(bonds, 'enp0s4') === 'missing', 'core says that enp0s4 is missing');
    check(/"members": \[\s+"enp0s4",\s+"enp0s5"\s+\]/.test(settings), `and has kept it in revision ${confirmed}`);
    // a bond that is whole again before it was told to be degraded has not recovered
    await bondIs(appliance, check, 'degraded', 'network.bond.degraded', '"failed": \\[ "enp0s4" \\]');
    await mustAll(appliance, ['echo 1 > /sys/bus/pci/rescan']);
    await memberReturns(appliance, check);
  },
};

/** Waits until another boot than the one with this id is up. */
async function restarted(
  appliance: ApplianceInLab,
  bootId: string,
): Promise<{ readonly verdict: string; readonly seconds: number }> {
  const node = appliance.lab.node('a');
  const seconds = await until('another boot', bootSeconds, async () => {
    const { stdout } = await node
      .exec(['cat', '/proc/sys/kernel/random/boot_id'], { timeoutSeconds: 20 })
      .catch(() => ({ stdout: '' })); // the agent is away while it reboots
    return stdout !== '' && stdout !== bootId;
  });
  return { verdict: await node.ready(bootSeconds), seconds };
}

export const factoryReset: Case = {
  title: 'a factory reset takes settings, users and history, and the appliance starts as a new one',
  async run(appliance, check) {
    const [, , , , bootId = ''] = await mustAll(appliance, [
      'gemel device host-name set box9',
      'gemel settings activate --yes',
      'mkdir -p /var/lib/gemel/plugin-data/stranger && touch /var/lib/gemel/plugin-data/stranger/left',
      '[ "$(hostname)" = box9 ]',
      'cat /proc/sys/kernel/random/boot_id',
      'gemel device factory-reset --yes',
    ]);
    const { verdict } = await restarted(appliance, bootId);
    check(verdict === 'running', `it restarted and is ${verdict}`);
    await appliance.coreAnswers();
    const [bonds, name, left, numbers, audit, marker] = await batch(appliance, [
      'ls /proc/net/bonding 2>/dev/null; ip -o -4 addr show scope global',
      'hostname',
      'ls /var/lib/gemel/plugin-data',
      'gemel settings history --json',
      'cat /var/lib/gemel/audit/* 2>/dev/null',
      'ls /var/lib/gemel/factory-reset',
    ]);
    check(bonds?.stdout === '', `neither bond nor address is left ${bonds?.stdout}`);
    check(name?.stdout !== 'box9\n', `the host name is the factory's: ${name?.stdout.trim()}`);
    check(!/stranger/.test(left?.stdout ?? ''), 'what plugins had stored is gone');
    check(!/box9|bond0/.test(numbers?.stdout ?? '') && numbers?.code === 0, 'the history begins anew');
    check(!/host-name/.test(audit?.stdout ?? ''), 'the audit log begins anew');
    check(marker?.code !== 0, 'the reset is over');
  },
};

export const powerLossWithDamagedArchive: Case = {
  title: 'power loss, with a damaged archive of the confirmed network',
  async run(appliance, check) {
    const before = await network(appliance);
    const { confirmed } = await activation(appliance);
    await mustAll(appliance, [
      stranger,
      `truncate -s 3000 /var/lib/gemel/settings/revisions/${confirmed}/rendered.tar; sync`,
    ]);
    const node = appliance.lab.node('a');
    await node.kill();
    await node.start();
    check(await holdsWithin(appliance, 120, 'gemel status'), 'it boots, and core answers');
    check((await network(appliance)) === before, 'the network is the confirmed one');
    check(await appliance.answersPing(), 'the appliance answers');
    const [journal, archive, noted] = await batch(appliance, [
      'journalctl -u gemel-restore -b -o cat --no-pager',
      `tar -tf /var/lib/gemel/settings/revisions/${confirmed}/rendered.tar`,
      'cat /data/stranger',
    ]);
    check(/rendered\.tar is damaged; the network waits for core/.test(journal?.stdout ?? ''), 'gemel-restore says so');
    check(archive?.code === 0 && /20-gemel-bond0\.netdev/.test(archive.stdout), 'the archive is whole again');
    check(
      new RegExp(`bond0 .*${address}/24`).test(noted?.stdout ?? ''),
      `a stranger's unit was started after the network: ${noted?.stdout.split('\n').find((line) => line.startsWith('bond0')) ?? 'there was no bond0'}`,
    );
    check((await activation(appliance)).confirmed === confirmed, `revision ${confirmed} is confirmed`);
  },
};
