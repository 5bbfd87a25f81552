/** What the lab's rack models have beyond a virtual one: three bays with two disks in them, and a management controller. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../../firmware/run-command.ts';
import { controllerAddress, labFolders, labNamespace, NODE_NAMES, type Hardware, type NodeName } from './lab-layout.ts';
import { isAlive, killOwned, startDetached, type OwnedProcess } from './owned-process.ts';
import { qmp } from './qmp.ts';

type Bay = 0 | 1 | 2;
const BAYS: readonly Bay[] = [0, 1, 2];
/** Those with a disk at the start. */
const FILLED: readonly Bay[] = [0, 1];
const DISK_MEBIBYTES = 192;
/** PCI slots of the bays' ports, beyond those of virtual-machine.ts. */
const FIRST_BAY_SLOT = 16;

/** A node without a lab around it, such as at the first boot for a snapshot, has a controller that nobody reaches over a network. */
export interface RackPlan {
  readonly node: NodeName;
  readonly hardware: Hardware;
  /** Folder of the sockets and logs. */
  readonly runtime: string;
  readonly namespace: string | undefined;
}

export function isRack(hardware: Hardware): boolean {
  return hardware !== 'virt1';
}

/** Names of the disks in a machine's folder, without what is put into bays later. */
export function bayFiles(hardware: Hardware): readonly string[] {
  return isRack(hardware) ? FILLED.map(bayFile) : [];
}

const bayFile = (bay: Bay): string => `bay${bay}.qcow2`;
const bayPort = (bay: Bay): string => `port-bay${bay}`;
const bayDisk = (bay: Bay): string => `disk-bay${bay}`;

export async function createBayDisks(hardware: Hardware, disks: string): Promise<void> {
  for (const file of bayFiles(hardware)) await createDisk(join(disks, file), DISK_MEBIBYTES);
}

async function createDisk(path: string, mebibytes: number): Promise<void> {
  await rm(path, { force: true });
  await mustRun(['qemu-img', 'create', '-q', '-f', 'qcow2', path, `${mebibytes}M`]);
}

/** QEMU's arguments without paths: what a snapshot depends on. */
export function rackArguments(hardware: Hardware): readonly string[] {
  if (!isRack(hardware)) return [];
  return [
    ...BAYS.flatMap((bay) => [
      '-device',
      `pcie-root-port,id=${bayPort(bay)},chassis=${bay + 1},slot=${bay + 1},addr=${FIRST_BAY_SLOT + bay}`,
    ]),
    ...FILLED.flatMap((bay) => ['-device', `virtio-blk-pci,${diskProperties(bay)},drive=${bayDisk(bay)}-medium`]),
    ...['-device', 'ipmi-bmc-extern,id=bmc,chardev=bmc', '-device', 'isa-ipmi-kcs,bmc=bmc,irq=5'],
  ];
}

const diskProperties = (bay: Bay, serial = `LAB-BAY-${bay}`): string =>
  `id=${bayDisk(bay)},bus=${bayPort(bay)},serial=${serial}`;

/** The arguments that name files and sockets of this machine. */
export function rackConnections(hardware: Hardware, node: NodeName, disks: string): readonly string[] {
  if (!isRack(hardware)) return [];
  return [
    ...FILLED.flatMap((bay) => [
      '-drive',
      `if=none,id=${bayDisk(bay)}-medium,format=qcow2,file=${join(disks, bayFile(bay))},cache=writeback`,
    ]),
    ...['-chardev', `socket,id=bmc,host=127.0.0.1,port=${systemPort(node)},reconnect=1`],
  ];
}

/** Where ipmi_sim waits for QEMU, on the loopback of the lab's namespace. */
const systemPort = (node: NodeName): number => 9602 + NODE_NAMES.indexOf(node);

/** A rack node of a lab that is up: hands at its bays and at its controller. */
export class Rack {
  readonly #lab: string;
  readonly #disks: string;
  readonly #controller: Controller;
  readonly #qmp: string;

  constructor(lab: string, node: NodeName) {
    const folders = labFolders(lab);
    this.#lab = lab;
    this.#disks = join(folders.disks, node);
    this.#qmp = join(folders.runtime, `${node}.qmp`);
    this.#controller = Controller.of(lab, node);
  }

  /** Pulls a disk out while it is in use. */
  async pull(bay: Bay): Promise<void> {
    await qmp(this.#qmp, [{ execute: 'device_del', arguments: { id: bayDisk(bay) } }]);
  }

  /** Pushes another disk into an empty bay. At the next power loss the bays are as they were at the start. */
  async push(bay: Bay, serial: string, mebibytes = DISK_MEBIBYTES): Promise<void> {
    const file = join(this.#disks, `${serial}.qcow2`);
    await createDisk(file, mebibytes);
    const medium = `medium-${serial}`;
    const node = { 'node-name': medium, driver: 'qcow2', file: { driver: 'file', filename: file } };
    const device = { driver: 'virtio-blk-pci', id: bayDisk(bay), bus: bayPort(bay), serial, drive: medium };
    await qmp(this.#qmp, [
      { execute: 'blockdev-add', arguments: node },
      { execute: 'device_add', arguments: device },
    ]);
  }

  /** The controller falls silent, as one does whose firmware hangs. */
  async silenceController(): Promise<void> {
    await this.#controller.stop();
  }

  async wakeController(): Promise<void> {
    await this.#controller.start(this.#lab);
  }
}

const MAKER = { user: 'maker', password: 'maker-rack' } as const;

/** A temperature sensor that says 37 (IPMI 2.0, table 43-1, a full sensor record of 48 bytes and the name). */
const SENSOR_NAME = 'Inlet Temp';
const SENSOR_RECORD = [
  ...[0x00, 0x00, 0x51, 0x01, 43 + SENSOR_NAME.length, 0x20, 0x00, 0x01],
  ...[0x07, 0x01, 0x67, 0x68, 0x01, 0x01, 0x80, 0x02, 0x80, 0x02, 0x38, 0x38],
  ...[0x00, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x25, 0x32, 0x05, 0xff, 0x00],
  ...[0x5a, 0x50, 0x46, 0x00, 0x00, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0xc0 + SENSOR_NAME.length],
  ...Buffer.from(SENSOR_NAME),
];

/** ipmi_sim, which is the controller: it goes on when the machine has no power, and is what gives it power. */
export class Controller {
  readonly #plan: RackPlan;

  constructor(plan: RackPlan) {
    this.#plan = plan;
  }

  /** Of a node of a lab that is up. Containers may have one as well: it switches whatever the node is. */
  static of(lab: string, node: NodeName): Controller {
    const { runtime } = labFolders(lab);
    return new Controller({ node, hardware: 'rack1', runtime, namespace: labNamespace(lab) });
  }

  /** Where it is reached from the operators' network; user and password as shipped by the maker. */
  get login(): { readonly address: string; readonly user: string; readonly password: string } {
    return { address: controllerAddress(this.#plan.node), ...MAKER };
  }

  get #folder(): string {
    return join(this.#plan.runtime, `${this.#plan.node}.controller`);
  }

  get #record(): string {
    return join(this.#folder, 'process.json');
  }

  async #process(): Promise<OwnedProcess | undefined> {
    // Written by start().
    return existsSync(this.#record) ? (JSON.parse(await readFile(this.#record, 'utf8')) as OwnedProcess) : undefined;
  }

  /** @param lab Whose commands switch the machine; undefined for a machine outside of labs, whose power is not switched. */
  async start(lab: string | undefined): Promise<void> {
    if (!isRack(this.#plan.hardware) || isAlive(await this.#process())) return;
    const { namespace, node } = this.#plan;
    const inside = namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${namespace}`];
    if (namespace !== undefined) {
      const address = `${controllerAddress(node)}/24`;
      await mustRun(['ip', '-netns', namespace, 'addr', 'replace', address, 'dev', 'external']);
    }
    await this.#writeFiles(lab);
    const file = (name: string): string => join(this.#folder, name);
    const argv = ['ipmi_sim', '-n', '-c', file('lan.conf'), '-f', file('sim.emu'), '-s', file('persistent')];
    const started = await startDetached([...inside, ...argv], file('log'));
    await writeFile(this.#record, JSON.stringify(started));
  }

  async stop(): Promise<void> {
    await killOwned(await this.#process());
  }

  async #writeFiles(lab: string | undefined): Promise<void> {
    const { node, runtime, namespace } = this.#plan;
    await mkdir(join(this.#folder, 'network'), { recursive: true });
    const script = async (name: string, text: string): Promise<string> => {
      const path = join(this.#folder, name);
      await writeFile(path, text);
      await chmod(path, 0o755);
      return path;
    };
    const chassis = await script('chassis', chassisScript(node, runtime, lab));
    const network = await script('network.sh', networkScript(join(this.#folder, 'network'), node));
    const lan =
      namespace === undefined ? `127.0.0.1 ${9623 + NODE_NAMES.indexOf(node)}` : `${controllerAddress(node)} 623`;
    const levels = ['callback', 'user', 'operator', 'admin'];
    await writeFile(
      join(this.#folder, 'lan.conf'),
      [
        `name "${node}"`,
        'set_working_mc 0x20',
        'startlan 1',
        `addr ${lan}`,
        'priv_limit admin',
        ...levels.map((level) => `allowed_auths_${level} none md2 md5 straight`),
        'guid a123456789abcdefa123456789abcdef',
        `lan_config_program "${network}"`,
        'endlan',
        `chassis_control "${chassis}"`,
        `serial 15 127.0.0.1 ${systemPort(node)} codec VM`,
        'startnow false',
        `user 2 true "${MAKER.user}" "${MAKER.password}" admin 10 none md2 md5 straight`,
        '',
      ].join('\n'),
    );
    const record = SENSOR_RECORD.map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(' ');
    await writeFile(
      join(this.#folder, 'sim.emu'),
      [
        'mc_setbmc 0x20',
        'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr',
        'sel_enable 0x20 1000 0x0a',
        'sensor_add 0x20 0 1 0x01 0x01',
        'sensor_set_value 0x20 0 1 37 0',
        `sensor_set_event_support 0x20 0 1 enable scanning per-state ${'000000000000000 '.repeat(4)}`,
        `main_sdr_add 0x20 ${record}`,
        'mc_enable 0x20',
        '',
      ].join('\n'),
    );
  }
}

/** What ipmi_sim asks about power, and tells: pairs `set NAME VALUE…`, or names to `get`. Answers are lines `name:value`. */
function chassisScript(node: NodeName, runtime: string, lab: string | undefined): string {
  const repository = join(import.meta.dirname, '../..');
  const order = (verb: string): string =>
    lab === undefined
      ? 'true'
      : `bash '${repository}/scripts/run' '${import.meta.dirname}/main.ts' ${verb} ${node} --lab ${lab}`;
  return `#!/bin/sh
exec 2>>'${runtime}/${node}.controller/log'
is_on() {
  pid=$(sed -n 's/.*"\\(qemu\\|init\\)":{"pid":\\([0-9]*\\).*/\\2/p' '${runtime}/${node}.processes.json' 2>/dev/null)
  [ -n "$pid" ] && grep -q '^State:.[^ZX]' "/proc/$pid/status" 2>/dev/null
}
switch_off() { ! is_on || ${order('kill')} >/dev/null </dev/null; }
switch_on() { is_on || ${order('start')} --no-wait >/dev/null </dev/null; }
verb=$1
shift
while [ $# -gt 0 ]; do
  case $verb$1 in
    getpower) is_on && echo power:1 || echo power:0 ;;
    get*) echo "$1:0" ;;
    setpower) case $2 in 0) switch_off ;; *) switch_on ;; esac ;;
    setreset) switch_off && switch_on ;;
    setidentify) echo "$2" >'${runtime}/${node}.controller/identify' ;;
  esac
  [ "$verb" = get ] || shift $(($# > 1))
  shift
done
`;
}

/** Keeps what the controller is told about its network, one file a parameter. */
function networkScript(folder: string, node: NodeName): string {
  return `#!/bin/sh
cd '${folder}'
verb=$1
shift
while [ $# -gt 0 ]; do
  if [ "$verb" = get ]; then
    case $1 in
      *mac*) usual=02:77:00:00:bc:0${NODE_NAMES.indexOf(node) + 1} ;;
      ip_addr_src) usual=dhcp ;;
      *) usual=0.0.0.0 ;;
    esac
    echo "$1:$(cat "$1" 2>/dev/null || echo $usual)"
    shift
  else
    [ "$verb" = check ] || echo "$2" >"$1"
    shift 2
  fi
done
`;
}
