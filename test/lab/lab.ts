import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../firmware/cache.ts';
import { buildImage, newestImage, type ApplianceImage } from '../../firmware/image.ts';
import { withLock } from '../../firmware/lock.ts';
import { runCommand, ToolError, type CommandResult } from '../../firmware/run-command.ts';
import type { Appliance, ExecOptions } from './appliance.ts';
import { ContainerAppliance } from './container-appliance.ts';
import {
  createFolders,
  labFolders,
  labNamespace,
  LINKS,
  macAddress,
  NICS,
  NODE_NAMES,
  type Hardware,
  type LabFolders,
  type LinkKind,
  type Nic,
  type NodeKind,
  type NodeName,
  type Port,
} from './lab-layout.ts';
import { createLabNetwork, forgetNeighbours, removeLabNetwork, selectNics, setDeaf } from './lab-network.ts';
import { LabNode } from './lab-node.ts';
import { SharedFolder } from './shared-folder.ts';
import { VmAppliance } from './vm-appliance.ts';

export interface UpOptions {
  /** Default `lab`. Labs of different names run side by side and do not see each other. */
  readonly name?: string;
  readonly nodes?: 1 | 2;
  readonly kind?: NodeKind;
  readonly hardware?: Hardware;
  /** Boot from the disk instead of restoring a booted snapshot. */
  readonly cold?: boolean;
  /** Make the booted snapshot anew, such as after one that was taken while the machine was too busy. */
  readonly fresh?: boolean;
  /** Use the newest image there is instead of building one from the repository as it is now: with `push` the quick way to try things. */
  readonly asBuilt?: boolean;
  /** Progress, for people. Default: silent. */
  readonly say?: (line: string) => void;
}

export interface LabStatus {
  readonly name: string;
  readonly kind: NodeKind;
  readonly hardware: Hardware;
  readonly image: string;
  readonly nodes: readonly {
    readonly name: NodeName;
    readonly on: boolean;
    readonly processes: Readonly<Record<string, number>>;
    readonly nics: readonly { link: LinkKind; port: Port; interfaceName: string; mac: string; carrier: boolean }[];
  }[];
  readonly snapshots: readonly string[];
}

/** What a lab remembers between commands, beside its processes. Cuts are `a/external/0`, and `sync/0` for a cable between both. */
interface LabRecord {
  readonly kind: NodeKind;
  readonly hardware: Hardware;
  readonly image: string;
  readonly nodes: readonly NodeName[];
  cuts: string[];
  snapshots: Record<string, { readonly on: readonly NodeName[]; readonly cuts: readonly string[] }>;
}

/** One or two appliances with their networks, apart from the machine's own. `await using lab = await Lab.up({ nodes: 1 })`. */
export class Lab {
  readonly name: string;
  readonly #folders: LabFolders;
  readonly #record: LabRecord;
  readonly #appliances: ReadonlyMap<NodeName, Appliance>;
  readonly #nodes: ReadonlyMap<NodeName, LabNode>;

  private constructor(name: string, folders: LabFolders, record: LabRecord, appliances: readonly Appliance[]) {
    this.name = name;
    this.#folders = folders;
    this.#record = record;
    this.#appliances = new Map(appliances.map((appliance) => [appliance.name, appliance]));
    this.#nodes = new Map(appliances.map((appliance) => [appliance.name, new LabNode(appliance, this)]));
  }

  /** A lab of this name with booted appliances. One that is there already is replaced. */
  static async up(options: UpOptions = {}): Promise<Lab> {
    if (process.getuid?.() !== 0) throw new ToolError('The lab makes network namespaces and mounts: run it as root.');
    const { name = 'lab', nodes = 1, kind = 'vm', hardware = 'virt1', cold = false, say = () => undefined } = options;
    const image = (options.asBuilt ? await newestImage() : undefined) ?? (await buildImage(say));
    return exclusive(name, async () => {
      await removeLab(name);
      const folders = labFolders(name);
      createFolders(folders);
      const names = NODE_NAMES.slice(0, nodes);
      const record: LabRecord = { kind, hardware, image: image.id, nodes: names, cuts: [], snapshots: {} };
      const lab = new Lab(name, folders, record, appliancesOf(name, record, folders, say));
      try {
        await lab.#save();
        await createLabNetwork(name);
        await lab.#startAll(image, cold, options.fresh ?? false);
      } catch (cause) {
        await removeLab(name);
        throw cause;
      }
      return lab;
    });
  }

  /** The lab of this name, as another command left it. */
  static async open(name = 'lab', say: (line: string) => void = () => undefined): Promise<Lab> {
    const folders = labFolders(name);
    const record = await readRecord(folders);
    if (record === undefined) {
      const other = name === 'lab' ? '' : ` --lab ${name}`;
      throw new ToolError(`There is no lab "${name}". Start one: npm run lab -- up${other}`);
    }
    return new Lab(name, folders, record, appliancesOf(name, record, folders, say));
  }

  /** Ends a lab with everything that belongs to it. Nothing happens when there is none. */
  static async remove(name = 'lab'): Promise<void> {
    labFolders(name);
    await exclusive(name, () => removeLab(name));
  }

  node(name: NodeName): LabNode {
    const node = this.#nodes.get(name);
    if (node === undefined)
      throw new ToolError(`Lab "${this.name}" has no node ${name}. It has: ${[...this.#nodes.keys()].join(', ')}`);
    return node;
  }

  get nodes(): readonly LabNode[] {
    return [...this.#nodes.values()];
  }

  /** A host on the operators' network, 10.77.0.1 and fd77::1. */
  get client(): { exec(argv: readonly string[], options?: ExecOptions): Promise<CommandResult> } {
    const command = this.clientCommand();
    return { exec: (argv, options = {}) => runCommand([...command, ...argv], options) };
  }

  clientCommand(): readonly string[] {
    return ['nsenter', `--net=/run/netns/${labNamespace(this.name)}`, '--'];
  }

  /** Takes the carrier from NICs. An external cut is one node's or both; a sync cable has two ends, so both nodes lose it. */
  cut(link: LinkKind, which: { node?: NodeName; port?: Port } = {}): Promise<void> {
    return this.#change(() => {
      this.#record.cuts = [...new Set([...this.#record.cuts, ...this.#cutNames(link, which)])];
    });
  }

  heal(link: LinkKind, which: { node?: NodeName; port?: Port } = {}): Promise<void> {
    const healed = new Set(this.#cutNames(link, which));
    return this.#change(() => {
      this.#record.cuts = this.#record.cuts.filter((name) => !healed.has(name));
    });
  }

  /** A fault that no carrier shows: nothing reaches the node from the external network any more, while what it sends arrives. */
  setDeaf(node: NodeName, deaf: boolean): Promise<void> {
    this.node(node);
    return setDeaf(this.name, node, deaf);
  }

  /** Power loss of one node; the other loses the carrier of the sync cables. */
  kill(name: NodeName): Promise<void> {
    const victim = this.#appliance(name);
    return this.#change(() => victim.kill());
  }

  /** Another box of the same kind in a node's place: switched off, with nothing of what the one before had, so that no snapshot can be restored any more. */
  renew(name: NodeName): Promise<void> {
    const box = this.#appliance(name);
    return this.#change(async () => {
      await box.renew();
      this.#record.snapshots = {};
    });
  }

  /** Power on, a cold boot. Resolves when systemd finished booting, with its verdict, unless told not to wait. */
  async start(name: NodeName, options: { wait?: boolean; timeoutSeconds?: number } = {}): Promise<string> {
    const appliance = this.#appliance(name);
    await this.#change(async () => {
      if (appliance.isOn()) throw new ToolError(`Node ${name} is on already.`);
      await appliance.start(() => false);
    });
    return options.wait === false ? 'starting' : appliance.ready(options.timeoutSeconds ?? 600);
  }

  /** Keeps the state of all nodes at one moment under a name; the same name again replaces it. */
  snapshot(name: string): Promise<void> {
    requireSnapshotName(name);
    return this.#change(async () => {
      const on = this.#all.filter((appliance) => appliance.isOn());
      await Promise.all(on.map((appliance) => appliance.pause()));
      try {
        await Promise.all(this.#all.map((appliance) => appliance.saveSnapshot(name)));
        await this.#shared?.saveSnapshot(name);
        this.#record.snapshots[name] = { on: on.map((appliance) => appliance.name), cuts: [...this.#record.cuts] };
      } finally {
        for (const appliance of on) await appliance.resume(this.#carrier(appliance.name));
      }
    });
  }

  /** Brings all nodes, and the cuts, back to a snapshot. Clocks are stepped to now. */
  restore(name: string): Promise<void> {
    const snapshot = this.#record.snapshots[name];
    if (snapshot === undefined) {
      const known = Object.keys(this.#record.snapshots).join(', ') || 'none';
      throw new ToolError(`There is no snapshot "${name}". Known: ${known}`);
    }
    return this.#change(async () => {
      this.#record.cuts = [...snapshot.cuts];
      await Promise.all(this.#all.map((appliance) => appliance.kill()));
      await this.#shared?.loadSnapshot(name);
      await Promise.all(
        this.#all.map((appliance) => appliance.loadSnapshot(name, snapshot.on.includes(appliance.name))),
      );
      await forgetNeighbours(this.name);
      const on = this.#all.filter((appliance) => snapshot.on.includes(appliance.name));
      await Promise.all(on.map((appliance) => appliance.resume(this.#carrier(appliance.name))));
      await Promise.all(on.map((appliance) => appliance.settle()));
    });
  }

  status(): LabStatus {
    const { kind, hardware, image, snapshots } = this.#record;
    const nodes = this.#all.map((appliance) => ({
      name: appliance.name,
      on: appliance.isOn(),
      processes: appliance.processIds(),
      nics: NICS.map((nic) => ({
        link: nic.link,
        port: nic.port,
        interfaceName: nic.interfaceName,
        mac: macAddress(appliance.name, nic),
        carrier: appliance.isOn() && this.#carrier(appliance.name)(nic),
      })),
    }));
    return { name: this.name, kind, hardware, image, nodes, snapshots: Object.keys(snapshots) };
  }

  down(): Promise<void> {
    return Lab.remove(this.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  /** Only containers have one. */
  get #shared(): SharedFolder | undefined {
    return this.#record.kind === 'container' ? new SharedFolder(this.#folders) : undefined;
  }

  get #all(): readonly Appliance[] {
    return [...this.#appliances.values()];
  }

  #appliance(name: NodeName): Appliance {
    this.node(name);
    const appliance = this.#appliances.get(name);
    if (appliance === undefined) throw new ToolError(`Lab "${this.name}" has no node ${name}.`);
    return appliance;
  }

  async #startAll(image: ApplianceImage, cold: boolean, fresh: boolean): Promise<void> {
    const connected = (): boolean => true;
    if (!cold) {
      await Promise.all(this.#all.map((appliance) => appliance.createBooted(image, connected, fresh)));
      return;
    }
    await Promise.all(this.#all.map((appliance) => appliance.create(image)));
    await Promise.all(this.#all.map((appliance) => appliance.start(connected)));
    await Promise.all(this.#all.map((appliance) => appliance.ready(600)));
  }

  /** Whether a NIC has carrier: not cut, and at the other end of a sync cable somebody is powered. */
  #carrier(node: NodeName): (nic: Nic) => boolean {
    const dark = this.#all.some((appliance) => appliance.name !== node && !appliance.isOn());
    return (nic) => !this.#record.cuts.includes(cutName(node, nic)) && !(nic.link === 'sync' && dark);
  }

  #cutNames(link: LinkKind, which: { node?: NodeName; port?: Port }): string[] {
    if (which.node !== undefined) this.node(which.node);
    const names = which.node === undefined ? this.#record.nodes : [which.node];
    return names.flatMap((node) => selectNics(link, which.port).map((nic) => cutName(node, nic)));
  }

  async #change(change: () => void | Promise<void>): Promise<void> {
    await exclusive(this.name, async () => {
      const now = await readRecord(this.#folders);
      if (now === undefined) throw new ToolError(`Lab "${this.name}" is gone.`);
      this.#record.cuts = now.cuts;
      this.#record.snapshots = now.snapshots;
      await change();
      await this.#save();
      for (const appliance of this.#all)
        if (appliance.isOn()) await appliance.applyCarrier(this.#carrier(appliance.name));
    });
  }

  async #save(): Promise<void> {
    const path = recordPath(this.#folders);
    await writeFile(`${path}.part`, JSON.stringify(this.#record));
    await rename(`${path}.part`, path);
  }
}

function cutName(node: NodeName, nic: Nic): string {
  return nic.link === 'sync' ? `sync/${nic.port}` : `${node}/${LINKS[0]}/${nic.port}`;
}

function requireSnapshotName(name: string): void {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name) || name === 'golden')
    throw new ToolError(
      `Snapshot name "${name}": use lower-case letters, digits and hyphens, beginning with a letter; "golden" is taken.`,
    );
}

function recordPath(folders: LabFolders): string {
  return join(folders.runtime, 'lab.json');
}

async function readRecord(folders: LabFolders): Promise<LabRecord | undefined> {
  // Written by Lab.#save, renamed into place.
  return existsSync(recordPath(folders))
    ? (JSON.parse(await readFile(recordPath(folders), 'utf8')) as LabRecord)
    : undefined;
}

function appliancesOf(
  lab: string,
  record: LabRecord,
  folders: LabFolders,
  say: (line: string) => void,
): readonly Appliance[] {
  return record.nodes.map((node) =>
    record.kind === 'vm'
      ? new VmAppliance(lab, node, record.hardware, folders, say)
      : new ContainerAppliance(lab, node, folders),
  );
}

/** Also cleans up after a lab whose command crashed half-way: whatever of it is there goes. */
async function removeLab(name: string): Promise<void> {
  const folders = labFolders(name);
  const record = await readRecord(folders);
  if (record !== undefined)
    for (const appliance of appliancesOf(name, record, folders, () => undefined)) await appliance.remove();
  await removeLabNetwork(name);
  await removeTree(folders.runtime);
  await removeTree(folders.disks);
}

function exclusive<T>(name: string, work: () => Promise<T>): Promise<T> {
  return withLock(`lab/${name}`, () => undefined, work);
}
