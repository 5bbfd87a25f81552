import { link, mkdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, ToolError } from '../../firmware/run-command.ts';
import { macAddress, NICS, NODE_NAMES, type Hardware, type Nic, type NodeName } from './lab-layout.ts';
import { isAlive, killOwned, startDetached, type OwnedProcess } from './owned-process.ts';
import { qmp } from './qmp.ts';
import { bayFiles, createBayDisks, rackArguments, rackConnections } from './rack.ts';

const FIRMWARE_CODE = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const FIRMWARE_VARS = '/usr/share/OVMF/OVMF_VARS_4M.fd';

/** PCI slots besides the NICs'. Fixed, because interface names and snapshots depend on them. */
const SLOT = { disk: 2, serial: 3, random: 8 } as const;

/**
 * Emulation by default: the kernel of a machine that is itself a guest often has /dev/kvm and cannot use it. With GEMEL_LAB_ACCEL=kvm
 * a real machine boots an appliance in seconds. Nehalem has what Debian needs and little that is slow to emulate.
 */
function accelerator(): readonly string[] {
  return process.env.GEMEL_LAB_ACCEL === 'kvm'
    ? ['-accel', 'kvm', '-cpu', 'host']
    : ['-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'Nehalem'];
}

/** Reaches the kernel by grub.cfg. Mitigations protect nobody here and slow an emulated CPU down by a fifth. */
const KERNEL_EXTRA = 'io.systemd.stub.kernel-cmdline-extra=mitigations=off';

/** What core, Pacemaker and two sites take at once, with room for the page cache. */
const MEMORY_MIB = 1536;

/** Without the parts an appliance in the lab never uses: each is probed for at every boot. */
const MACHINE = 'q35,sata=off,smbus=off,i8042=off,vmport=off';

export interface MachinePlan {
  readonly node: NodeName;
  readonly hardware: Hardware;
  /** Folder of the sockets and logs. */
  readonly runtime: string;
  /** Folder with disk.img (the image), root.qcow2 (changes and snapshots) and vars.qcow2 (EFI variables). */
  readonly disks: string;
  /** Namespace whose taps are used, or undefined for NICs with carrier that lead nowhere. */
  readonly namespace: string | undefined;
  /** The value of -netdev for a NIC. */
  readonly netdev: (nic: Nic) => string;
}

/** The QEMU process of one appliance, and its broker. */
export interface MachineProcesses {
  readonly qemu: OwnedProcess;
  readonly broker: OwnedProcess;
}

export function nicId(nic: Nic): string {
  return `${nic.link}${nic.port}`;
}

export function machineSockets(plan: Pick<MachinePlan, 'runtime' | 'node'>) {
  const at = (suffix: string): string => join(plan.runtime, `${plan.node}.${suffix}`);
  return {
    qmp: at('qmp'),
    agent: at('agent'),
    exec: at('exec'),
    console: at('console'),
    consoleLog: at('console.log'),
    log: at('qemu.log'),
  };
}

/** Empty changes over an image that is shared by hard link, so that the cache may forget it. */
export async function createDisks(image: string, disks: string, hardware: Hardware): Promise<void> {
  await mkdir(disks, { recursive: true });
  await link(image, join(disks, 'disk.img'));
  const overlay = ['create', '-q', '-f', 'qcow2', '-b', 'disk.img', '-F', 'raw', 'root.qcow2'];
  await mustRun(['qemu-img', ...overlay], { workingFolder: disks });
  // qcow2, since QEMU saves snapshots only where every writable drive can hold them.
  if (!existsSync(FIRMWARE_VARS)) throw new ToolError(`${FIRMWARE_VARS} is missing: run scripts/host-packages`);
  await mustRun(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', FIRMWARE_VARS, join(disks, 'vars.qcow2')]);
  await createBayDisks(hardware, disks);
}

/** All that a machine writes to; a snapshot is in each of them. */
export function writtenDisks(hardware: Hardware): readonly string[] {
  return ['root.qcow2', 'vars.qcow2', ...bayFiles(hardware)];
}

export async function copyDisks(from: string, to: string, hardware: Hardware): Promise<void> {
  await mkdir(to, { recursive: true });
  await link(join(from, 'disk.img'), join(to, 'disk.img'));
  for (const name of writtenDisks(hardware))
    await mustRun(['cp', '--sparse=always', '--reflink=auto', join(from, name), join(to, name)]);
}

/** The command line without paths of this lab: what a snapshot depends on, besides the image. */
function machineArguments(node: NodeName, hardware: Hardware): string[] {
  const system = hardware === 'virt1' ? [] : ['-smbios', `type=1,manufacturer=Gemel,product=${hardware}`];
  const uuid = `6e6d656c-0000-4000-8000-00000000000${NODE_NAMES.indexOf(node) + 1}`;
  return [
    ...accelerator(),
    ...[
      '-M',
      MACHINE,
      '-m',
      String(MEMORY_MIB),
      '-smp',
      '1',
      '-display',
      'none',
      '-nodefaults',
      '-no-user-config',
      '-rtc',
      'base=utc,clock=host',
    ],
    ...['-uuid', uuid, ...system, '-smbios', `type=11,value=${KERNEL_EXTRA}`],
    // A restored guest notices and seeds its random numbers anew.
    ...['-device', 'vmgenid,guid=auto'],
    ...['-device', `virtio-blk-pci,drive=root,bootindex=0,addr=${SLOT.disk}`],
    ...[
      '-device',
      `virtio-serial-pci,addr=${SLOT.serial}`,
      '-device',
      'virtserialport,chardev=agent,name=org.qemu.guest_agent.0',
    ],
    ...[
      '-object',
      'rng-random,id=random,filename=/dev/urandom',
      '-device',
      `virtio-rng-pci,rng=random,addr=${SLOT.random}`,
    ],
    // Without speed and duplex LACP refuses to aggregate; without romfile= the firmware would try to boot from the network.
    ...NICS.flatMap((nic) => [
      '-device',
      `virtio-net-pci,netdev=${nicId(nic)},id=nic-${nicId(nic)},mac=${macAddress(node, nic)},addr=${nic.slot},romfile=,speed=1000,duplex=full`,
    ]),
    ...rackArguments(hardware),
  ];
}

/** A snapshot made with one of these loads only into the same: QEMU's version, machine, devices. */
export async function machineIdentity(node: NodeName, hardware: Hardware): Promise<string[]> {
  const version = await mustRun(['qemu-system-x86_64', '--version']);
  return [version, ...machineArguments(node, hardware)];
}

/** Starts QEMU and its broker. With `snapshot` the machine is there at once, paused. */
export async function startMachine(plan: MachinePlan, snapshot?: string): Promise<MachineProcesses> {
  const sockets = machineSockets(plan);
  for (const path of [sockets.qmp, sockets.agent, sockets.exec, sockets.console]) await rm(path, { force: true });
  const server = (id: string, path: string, more = ''): string[] => [
    '-chardev',
    `socket,id=${id},path=${path},server=on,wait=off${more}`,
  ];
  const drive = (name: string, more: string): string[] => [
    '-drive',
    `file=${join(plan.disks, name)},format=qcow2,${more}`,
  ];
  const argv = [
    ...(plan.namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${plan.namespace}`]),
    ...['qemu-system-x86_64', '-name', `gemel-lab-${plan.node}`],
    ...[
      '-drive',
      `if=pflash,unit=0,format=raw,readonly=on,file=${FIRMWARE_CODE}`,
      ...drive('vars.qcow2', 'if=pflash,unit=1'),
    ],
    // writeback: what the guest flushed is in this machine's page cache and so outlives a SIGKILL of QEMU; the rest may be lost.
    ...drive('root.qcow2', 'if=none,id=root,cache=writeback,discard=unmap'),
    ...['-qmp', `unix:${sockets.qmp},server=on,wait=off`],
    ...server('agent', sockets.agent),
    ...[
      ...server('console', sockets.console, `,logfile=${sockets.consoleLog},logappend=on`),
      '-serial',
      'chardev:console',
    ],
    ...NICS.flatMap((nic) => ['-netdev', plan.netdev(nic)]),
    ...rackConnections(plan.hardware, plan.node, plan.disks),
    ...machineArguments(plan.node, plan.hardware),
    ...(snapshot === undefined ? [] : ['-loadvm', snapshot, '-S']),
  ];
  const qemu = await startDetached(argv, sockets.log);
  const broker = await startDetached(
    [process.execPath, join(import.meta.dirname, 'agent-broker.ts'), sockets.agent, sockets.exec],
    sockets.log,
  );
  return { qemu, broker };
}

export async function stopMachine(processes: MachineProcesses | undefined): Promise<void> {
  await killOwned(processes?.qemu);
  await killOwned(processes?.broker);
}

/** Waits for the monitor, which answers once a snapshot is loaded. */
export async function monitorAnswers(plan: MachinePlan, qemu: OwnedProcess): Promise<void> {
  const sockets = machineSockets(plan);
  for (let left = 600; left > 0; left--) {
    if (!isAlive(qemu)) throw new ToolError(`QEMU of node ${plan.node} ended at once: ${await lastLines(sockets.log)}`);
    if (existsSync(sockets.qmp)) {
      const answered = await qmp(sockets.qmp, [{ execute: 'query-status' }], 30).then(
        () => true,
        () => false,
      );
      if (answered) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new ToolError(`QEMU of node ${plan.node} does not answer on its monitor: ${await lastLines(sockets.log)}`);
}

async function lastLines(path: string): Promise<string> {
  return existsSync(path) ? (await mustRun(['tail', '-n', '5', path])).trim() : 'no log';
}
