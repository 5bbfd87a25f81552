import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeTree } from '../../firmware/cache.ts';
import type { ApplianceImage } from '../../firmware/image.ts';
import { mustRun, runCommand, ToolError, type CommandResult } from '../../firmware/run-command.ts';
import type { Appliance, Carrier, ExecOptions } from './appliance.ts';
import { containerNamespace, NICS, type LabFolders, type NodeName } from './lab-layout.ts';
import { giveLoopDevices } from './loop-devices.ts';
import { createContainerLinks, setContainerPorts } from './lab-network.ts';
import { SharedFolder } from './shared-folder.ts';
import { isAlive, killOwned, ownedProcess, startDetached, type OwnedProcess } from './owned-process.ts';
import { ProcessRecord } from './process-record.ts';

const ENVIRONMENT = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'USER=root',
  'LOGNAME=root',
  'LANG=C.UTF-8',
];

/** Hierarchies systemd needs its own group in: one on a unified machine, two where version 1 is mounted beside it. */
const CGROUP_ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd'];

/** networkd sets links up, corosync locks memory; the rest is systemd-nspawn's own set. Never CAP_SYS_TIME: the clock is the machine's. */
const CAPABILITIES = 'CAP_NET_ADMIN,CAP_NET_RAW,CAP_IPC_LOCK';

/** chrony without the right to set the clock: it measures its sources and reports, as everywhere. */
const CHRONY_WITHOUT_CLOCK = `[Unit]
ConditionCapability=
[Service]
ExecStart=
ExecStart=!/usr/sbin/chronyd $DAEMON_OPTS -x
`;

const BOOT_SECONDS = 120;

/** An appliance in a systemd-nspawn container: real systemd, boots in a second or two; kernel, bonding and boot loader are not its own. */
export class ContainerAppliance implements Appliance {
  readonly name: NodeName;
  readonly #lab: string;
  readonly #folders: LabFolders;
  readonly #processes: ProcessRecord<'supervisor' | 'init'>;

  constructor(lab: string, name: NodeName, folders: LabFolders) {
    this.name = name;
    this.#lab = lab;
    this.#folders = folders;
    this.#processes = new ProcessRecord<'supervisor' | 'init'>(join(folders.runtime, `${name}.processes.json`), 'init');
  }

  async create(image: ApplianceImage): Promise<void> {
    await mkdir(this.#disk('root'), { recursive: true });
    await new SharedFolder(this.#folders).create();
    await writeFile(this.#disk('lower'), image.root);
    await this.#createUpper();
  }

  async renew(): Promise<void> {
    await this.kill();
    await this.#unmount();
    await removeTree(this.#disk('upper'));
    await this.#createUpper();
  }

  async #createUpper(): Promise<void> {
    await mkdir(this.#disk('upper'));
    await this.#mount();
    const chrony = join(this.#disk('root'), 'etc/systemd/system/chrony.service.d');
    await mkdir(chrony, { recursive: true });
    await writeFile(join(chrony, 'lab.conf'), CHRONY_WITHOUT_CLOCK);
  }

  async createBooted(image: ApplianceImage, carrier: Carrier): Promise<void> {
    await this.create(image);
    await this.start(carrier);
    await this.ready(BOOT_SECONDS);
  }

  async start(carrier: Carrier): Promise<void> {
    await createContainerLinks(this.#lab, this.name);
    await this.applyCarrier(carrier);
    const groups = await this.#createControlGroups();
    // Entered before systemd-nspawn runs: /sys then shows this namespace's interfaces, with its own option it would show the machine's.
    const nspawn = [
      ...['nsenter', `--net=/run/netns/${containerNamespace(this.#lab, this.name)}`, '--'],
      ...['systemd-nspawn', '--quiet', `--machine=${containerNamespace(this.#lab, this.name)}`, '--hostname=gemel'],
      ...[
        `--directory=${this.#disk('root')}`,
        '--keep-unit',
        '--register=no',
        '--boot',
        '--console=pipe',
        '--link-journal=no',
      ],
      ...['--resolv-conf=off', '--timezone=off', `--capability=${CAPABILITIES}`],
      `--bind=${new SharedFolder(this.#folders).path}:/srv/gemel`,
    ];
    // systemd-nspawn takes the group it is started in for its container, so it must be in one of its own before it runs.
    const join = groups.map((group) => `echo $$ > ${group}/cgroup.procs`).join(' && ');
    const supervisor = await startDetached(['sh', '-c', `${join} && exec "$@"`, 'sh', ...nspawn], this.#consoleLog);
    const init = await this.#findInit(supervisor);
    await giveLoopDevices(init.pid);
    await this.#processes.write({ supervisor, init });
  }

  async ready(timeoutSeconds: number): Promise<string> {
    const deadline = Date.now() + timeoutSeconds * 1000;
    while (Date.now() < deadline) {
      const { stdout } = await this.exec(['systemctl', 'is-system-running'], { timeoutSeconds });
      const state = stdout.trim();
      if (state === 'running' || state === 'degraded') return state;
      await sleep(100);
    }
    throw new ToolError(`Node ${this.name} did not finish booting within ${timeoutSeconds} s, see ${this.#consoleLog}`);
  }

  /**
   * The kernel ends everything in a process namespace with its init. Links go first: a named network namespace would keep answering
   * with the dead appliance's addresses.
   */
  async kill(): Promise<void> {
    if (!this.isOn()) return;
    await setContainerPorts(this.#lab, this.name, NICS, false);
    await killOwned(this.#processes.current?.init);
    await killOwned(this.#processes.current?.supervisor);
  }

  isOn(): boolean {
    return this.#processes.isOn;
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<CommandResult> {
    return runCommand([...this.#enter(), ...argv], {
      ...(options.input === undefined ? {} : { input: options.input }),
      timeoutSeconds: options.timeoutSeconds ?? 600,
      wholeGroup: true,
    });
  }

  async applyCarrier(carrier: Carrier): Promise<void> {
    for (const up of [false, true])
      await setContainerPorts(
        this.#lab,
        this.name,
        NICS.filter((nic) => carrier(nic) === up),
        up,
      );
  }

  async pause(): Promise<void> {
    await this.exec(['sync']);
  }

  /** The files as a power loss at this moment would leave them. Memory cannot be kept: a restored container boots. */
  async saveSnapshot(name: string): Promise<void> {
    await removeTree(this.#disk(`snapshot-${name}`));
    await mustRun(['cp', '-a', '--reflink=auto', this.#disk('upper'), this.#disk(`snapshot-${name}`)]);
  }

  async resume(carrier: Carrier): Promise<void> {
    await this.applyCarrier(carrier);
  }

  async loadSnapshot(name: string, wasOn: boolean): Promise<void> {
    await this.kill();
    await this.#unmount();
    await removeTree(this.#disk('upper'));
    await mustRun(['cp', '-a', '--reflink=auto', this.#disk(`snapshot-${name}`), this.#disk('upper')]);
    await this.#mount();
    if (wasOn) await this.start(() => false);
  }

  async settle(): Promise<void> {
    await this.ready(BOOT_SECONDS);
  }

  consoleCommand(): readonly string[] {
    return ['command', ...this.#enter(), 'TERM=linux', 'bash', '--login'];
  }

  async remove(): Promise<void> {
    await this.kill();
    await this.#unmount();
    for (const group of this.#controlGroups()) await removeControlGroup(group);
  }

  processIds(): Readonly<Record<string, number>> {
    const { current } = this.#processes;
    return this.isOn() && current !== undefined ? { init: current.init.pid, supervisor: current.supervisor.pid } : {};
  }

  get #consoleLog(): string {
    return join(this.#folders.runtime, `${this.name}.console.log`);
  }

  #disk(name: string): string {
    return join(this.#folders.disks, this.name, name);
  }

  #enter(): string[] {
    const init = this.#processes.current?.init;
    if (!isAlive(init))
      throw new ToolError(`Node ${this.name} is off. Switch it on: npm run lab -- start ${this.name}`);
    return ['nsenter', '-t', String(init.pid), '-m', '-u', '-i', '-n', '-p', '-C', '--', 'env', '-i', ...ENVIRONMENT];
  }

  async #mount(): Promise<void> {
    const lower = await readFile(this.#disk('lower'), 'utf8');
    await removeTree(this.#disk('work'));
    await mkdir(this.#disk('work'));
    const layers = `lowerdir=${lower},upperdir=${this.#disk('upper')},workdir=${this.#disk('work')}`;
    await mustRun(['mount', '-t', 'overlay', 'overlay', '-o', layers, this.#disk('root')]);
  }

  async #unmount(): Promise<void> {
    const mounts = await readFile('/proc/self/mountinfo', 'utf8');
    if (mounts.includes(` ${this.#disk('root')} `)) await mustRun(['umount', '--lazy', this.#disk('root')]);
  }

  /** systemd-nspawn's payload: its descendant that is process 1 of a namespace of its own. */
  async #findInit(supervisor: OwnedProcess): Promise<OwnedProcess> {
    for (let left = 500; left > 0 && isAlive(supervisor); left--) {
      for (const pid of childrenOf(supervisor.pid)) {
        const init = isNamespaceInit(pid) ? ownedProcess(pid) : undefined;
        if (init !== undefined) return init;
      }
      await sleep(10);
    }
    await killOwned(supervisor);
    const said = (await readFile(this.#consoleLog, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join('\n');
    throw new ToolError(`The container of node ${this.name} did not start: ${said}`);
  }

  #controlGroups(): string[] {
    return CGROUP_ROOTS.filter((root) => existsSync(join(root, 'cgroup.procs'))).map((root) =>
      join(root, containerNamespace(this.#lab, this.name)),
    );
  }

  async #createControlGroups(): Promise<string[]> {
    const groups = this.#controlGroups();
    for (const group of groups) await mkdir(group, { recursive: true });
    return groups;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function isNamespaceInit(pid: number): boolean {
  try {
    const ids = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.split('\t') ?? [];
    return ids.length > 1 && ids.at(-1) === '1';
  } catch {
    return false;
  }
}

/** Control groups are removed from the innermost outwards; files in them go by themselves. */
async function removeControlGroup(group: string): Promise<void> {
  if (!existsSync(group)) return;
  const nested = (await mustRun(['find', group, '-depth', '-type', 'd'])).split('\n').filter(Boolean);
  // The kernel needs a moment after the last process.
  for (const folder of nested)
    for (let left = 40; left > 0 && existsSync(folder); left--) await rmdir(folder).catch(() => sleep(25));
}
