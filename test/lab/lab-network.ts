import { mustRun, runCommand } from '../../firmware/run-command.ts';
import { killOwned, ownedProcess } from './owned-process.ts';
import {
  CLIENT_ADDRESSES,
  containerNamespace,
  labNamespace,
  macAddress,
  NICS,
  PORTS,
  type LinkKind,
  type Nic,
  type NodeName,
  type Port,
} from './lab-layout.ts';

/** Our end of a node's NIC inside the lab's namespace: a tap for a VM, a veth end for a container. */
export function portName(node: NodeName, nic: Nic): string {
  return `${node}-${nic.link === 'external' ? 'ext' : 'sync'}${nic.port}`;
}

async function inNamespace(namespace: string, lines: readonly string[], force = false): Promise<void> {
  const flags = force ? ['-force'] : [];
  const result = await runCommand(['ip', '-netns', namespace, ...flags, '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
  });
  if (result.code !== 0 && !force) throw new Error(`ip -batch in ${namespace}: ${result.stderr.trim()}`);
}

/**
 * A namespace without any way to the machine's own network. In it the operators' network as a bridge, with the client's addresses on the
 * bridge itself. Multicast snooping is off: without a querier it would drop neighbour solicitations after a while.
 */
export async function createLabNetwork(lab: string): Promise<void> {
  const namespace = labNamespace(lab);
  await mustRun(['ip', 'netns', 'add', namespace]);
  const bridge = (name: string, index: number): string[] => [
    `link add ${name} address 02:77:00:00:ff:0${index} type bridge forward_delay 0 stp_state 0 mcast_snooping 0`,
    `link set ${name} up`,
  ];
  await inNamespace(namespace, [
    'link set lo up',
    ...bridge('external', 1),
    ...CLIENT_ADDRESSES.map((address) => `addr add ${address} dev external${address.includes(':') ? ' nodad' : ''}`),
    ...PORTS.flatMap((port) => bridge(`sync${port}`, 2 + port)),
  ]);
}

/** Taps for a VM's external NICs; its sync NICs are sockets between the two QEMU processes. */
export async function createTaps(lab: string, node: NodeName): Promise<void> {
  const external = NICS.filter((nic) => nic.link === 'external').map((nic) => portName(node, nic));
  await inNamespace(
    labNamespace(lab),
    external.flatMap((name) => [`tuntap add ${name} mode tap`, `link set ${name} master external up`]),
  );
}

/** A fresh namespace for a container with all its NICs as veths, whose other ends are ports of the lab's bridges. */
export async function createContainerLinks(lab: string, node: NodeName): Promise<void> {
  await removeNamespace(containerNamespace(lab, node));
  // The kernel takes a namespace's devices down some time later; our ends of the old veths must go now.
  const old = NICS.map((nic) => `link del ${portName(node, nic)}`);
  await inNamespace(labNamespace(lab), old, true);
  await mustRun(['ip', 'netns', 'add', containerNamespace(lab, node)]);
  const lines = NICS.flatMap((nic) => {
    const port = portName(node, nic);
    const bridge = nic.link === 'external' ? 'external' : `sync${nic.port}`;
    const mac = macAddress(node, nic);
    return [
      `link add ${port} type veth peer name ${nic.interfaceName} address ${mac} netns ${containerNamespace(lab, node)}`,
      `link set ${port} master ${bridge} up`,
    ];
  });
  await inNamespace(labNamespace(lab), lines);
}

/** Sets our ends up or down in one go; the appliance sees its carrier go or come. */
export async function setContainerPorts(lab: string, node: NodeName, nics: readonly Nic[], up: boolean): Promise<void> {
  const lines = nics.map((nic) => `link set ${portName(node, nic)} ${up ? 'up' : 'down'}`);
  await inNamespace(labNamespace(lab), lines);
}

/** As a switch does when a cable is pulled: the addresses learnt on these ports are gone, the other cable takes them over at once. */
export async function forgetLearntAddresses(lab: string, node: NodeName, nics: readonly Nic[]): Promise<void> {
  for (const nic of nics.filter(({ link }) => link === 'external'))
    await mustRun([
      ...['bridge', '-netns', labNamespace(lab), 'fdb', 'flush'],
      ...['dev', 'external', 'brport', portName(node, nic), 'nopermanent'],
    ]);
}

/** What is sent to a node's external NICs is dropped before them, or no longer; what it sends itself passes. */
export async function setDeaf(lab: string, node: NodeName, deaf: boolean): Promise<void> {
  for (const nic of NICS.filter(({ link }) => link === 'external')) {
    const device = ['dev', portName(node, nic), 'root'];
    const change = deaf ? ['replace', ...device, 'pfifo', 'limit', '0'] : ['delete', ...device];
    await mustRun(['tc', '-netns', labNamespace(lab), 'qdisc', ...change]);
  }
}

/** A restored appliance has forgotten what its neighbours remember: forget here too. */
export async function forgetNeighbours(lab: string): Promise<void> {
  await inNamespace(labNamespace(lab), ['neigh flush all'], true);
}

/** Removes the lab's namespaces; devices and bridges go with them. */
export async function removeLabNetwork(lab: string): Promise<void> {
  for (const namespace of [containerNamespace(lab, 'a'), containerNamespace(lab, 'b'), labNamespace(lab)])
    await removeNamespace(namespace);
}

async function removeNamespace(namespace: string): Promise<void> {
  const list = (await mustRun(['ip', 'netns', 'list'])).split('\n').map((line) => line.split(' ')[0]);
  if (!list.includes(namespace)) return;
  // Whatever still runs in a namespace of ours is ours: a client's command left behind, a machine whose start was cut short.
  for (const pid of (await mustRun(['ip', 'netns', 'pids', namespace])).split('\n').filter(Boolean))
    await killOwned(ownedProcess(Number(pid)));
  await mustRun(['ip', 'netns', 'del', namespace]);
}

/** The NICs a cut or heal is about. A sync cable has two ends: cutting it takes the carrier from both nodes. */
export function selectNics(link: LinkKind, port: Port | undefined): Nic[] {
  return NICS.filter((nic) => nic.link === link && (port === undefined || nic.port === port));
}
