import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../firmware/cache.ts';
import type { ApplianceImage } from '../../firmware/image.ts';
import { mustRun, ToolError, type CommandResult } from '../../firmware/run-command.ts';
import { askAgent } from './agent-request.ts';
import type { Appliance, Carrier, ExecOptions } from './appliance.ts';
import { GOLDEN, goldenSnapshot } from './golden-snapshot.ts';
import {
  labNamespace,
  NICS,
  otherNode,
  type Hardware,
  type LabFolders,
  type Nic,
  type NodeName,
} from './lab-layout.ts';
import { createTaps, forgetLearntAddresses, portName } from './lab-network.ts';
import { isAlive } from './owned-process.ts';
import { ProcessRecord } from './process-record.ts';
import { humanMonitor, qmp } from './qmp.ts';
import { Controller } from './rack.ts';
import {
  copyDisks,
  createDisks,
  machineSockets,
  monitorAnswers,
  nicId,
  startMachine,
  stopMachine,
  writtenDisks,
  type MachinePlan,
  type MachineProcesses,
} from './virtual-machine.ts';

const DEFAULT_SECONDS = 600;

/** An appliance in a QEMU machine: real boot loader, kernel, bonding and DRBD. */
export class VmAppliance implements Appliance {
  readonly name: NodeName;
  readonly #plan: MachinePlan;
  readonly #lab: string;
  readonly #processes: ProcessRecord<keyof MachineProcesses>;
  readonly #say: (line: string) => void;

  constructor(lab: string, name: NodeName, hardware: Hardware, folders: LabFolders, say: (line: string) => void) {
    this.name = name;
    this.#lab = lab;
    this.#say = say;
    this.#processes = new ProcessRecord<keyof MachineProcesses>(
      join(folders.runtime, `${name}.processes.json`),
      'qemu',
    );
    this.#plan = {
      node: name,
      hardware,
      runtime: folders.runtime,
      disks: join(folders.disks, name),
      namespace: labNamespace(lab),
      netdev: (nic) => this.#netdev(nic),
    };
  }

  async create(image: ApplianceImage): Promise<void> {
    await createDisks(image.disk, this.#plan.disks, this.#plan.hardware);
    await createTaps(this.#lab, this.name);
  }

  async renew(): Promise<void> {
    await this.kill();
    const { disks, hardware } = this.#plan;
    const image = `${disks}.image`;
    await rename(join(disks, 'disk.img'), image);
    await removeTree(disks);
    await createDisks(image, disks, hardware);
    await rm(image);
  }

  async createBooted(image: ApplianceImage, carrier: Carrier, fresh: boolean): Promise<void> {
    const golden = await goldenSnapshot(image, this.name, this.#plan.hardware, fresh, this.#say);
    await copyDisks(golden.path, this.#plan.disks, this.#plan.hardware);
    await createTaps(this.#lab, this.name);
    await this.#switchOn(GOLDEN);
    await this.resume(carrier);
    await this.settle();
  }

  async start(carrier: Carrier): Promise<void> {
    await this.#switchOn();
    await this.applyCarrier(carrier);
  }

  async ready(timeoutSeconds: number): Promise<string> {
    const answer = await this.#ask({ kind: 'ready', timeoutSeconds });
    return text(answer.stdout).trim();
  }

  async kill(): Promise<void> {
    await stopMachine(this.#processes.current);
  }

  isOn(): boolean {
    return this.#processes.isOn;
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<CommandResult> {
    const input = Buffer.from(options.input ?? '').toString('base64');
    const answer = await this.#ask({
      kind: 'exec',
      argv,
      input,
      timeoutSeconds: options.timeoutSeconds ?? DEFAULT_SECONDS,
    });
    return { code: answer.code, stdout: text(answer.stdout), stderr: text(answer.stderr) };
  }

  async applyCarrier(carrier: Carrier): Promise<void> {
    const commands = NICS.map((nic) => ({
      execute: 'set_link',
      arguments: { name: `nic-${nicId(nic)}`, up: carrier(nic) },
    }));
    await qmp(this.#sockets.qmp, commands);
    // A container's port goes down itself and forgets; the tap of a VM stays up.
    const dark = NICS.filter((nic) => !carrier(nic));
    await forgetLearntAddresses(this.#lab, this.name, dark);
  }

  async pause(): Promise<void> {
    await qmp(this.#sockets.qmp, [{ execute: 'stop' }]);
  }

  async saveSnapshot(name: string): Promise<void> {
    if (this.isOn()) await humanMonitor(this.#sockets.qmp, `savevm ${name}`);
    else await this.#imageSnapshots('-c', name);
  }

  async resume(carrier: Carrier): Promise<void> {
    await this.applyCarrier(carrier);
    await qmp(this.#sockets.qmp, [{ execute: 'cont' }]);
  }

  async loadSnapshot(name: string, wasOn: boolean): Promise<void> {
    await this.kill();
    // A process of its own: QEMU lets a guest's processor clock never go back, so that within the same process the guest's
    // monotonic clock would jump forward by the time since the snapshot, and its watchdogs fire.
    if (wasOn) await this.#switchOn(name);
    else await this.#imageSnapshots('-a', name);
  }

  async settle(): Promise<void> {
    await this.#ask({ kind: 'set-clock' });
  }

  consoleCommand(): readonly string[] {
    return ['socket', this.#sockets.console, this.#sockets.consoleLog];
  }

  async remove(): Promise<void> {
    await this.kill();
    await new Controller(this.#plan).stop();
  }

  processIds(): Readonly<Record<string, number>> {
    const { qemu, broker } = this.#processes.current ?? {};
    return { ...(isAlive(qemu) ? { qemu: qemu.pid } : {}), ...(isAlive(broker) ? { broker: broker.pid } : {}) };
  }

  get #sockets() {
    return machineSockets(this.#plan);
  }

  async #ask(request: Parameters<typeof askAgent>[1]) {
    if (!this.isOn()) throw new ToolError(`Node ${this.name} is off. Switch it on: npm run lab -- start ${this.name}`);
    return askAgent(this.#sockets.exec, request);
  }

  async #switchOn(snapshot?: string): Promise<void> {
    await new Controller(this.#plan).start(this.#lab);
    const started = await startMachine(this.#plan, snapshot);
    await this.#processes.write(started);
    await monitorAnswers(this.#plan, started.qemu);
  }

  #netdev(nic: Nic): string {
    const id = nicId(nic);
    if (nic.link === 'external') return `tap,id=${id},ifname=${portName(this.name, nic)},script=no,downscript=no`;
    const end = (node: NodeName): string => join(this.#plan.runtime, portName(node, nic));
    const [mine, theirs] = [end(this.name), end(otherNode(this.name))];
    return `dgram,id=${id},local.type=unix,local.path=${mine},remote.type=unix,remote.path=${theirs}`;
  }

  async #imageSnapshots(option: '-c' | '-a', name: string): Promise<void> {
    for (const file of writtenDisks(this.#plan.hardware))
      await mustRun(['qemu-img', 'snapshot', option, name, join(this.#plan.disks, file)]);
  }
}

function text(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}
