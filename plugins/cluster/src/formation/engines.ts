import { ApplianceError, type Clock, type CommandRunner, type SystemAccess, type UnitManager } from '@gemel/core/sdk';
import { dataFences } from '../drbd/data-fence.js';
import { pauseAfterLook } from '../pacemaker/pace.js';
import { pictureCommand } from '../pacemaker/pacemaker.js';
import { type ClusterPicture, readPicture } from '../pacemaker/picture.js';
import { parseXml } from '../pacemaker/xml.js';

/** Oneshot units, since core itself may not do these things. Each is described in its unit file. */
export const helperUnits = {
  /** Removes what an earlier cluster left in Pacemaker's and Corosync's folders. */
  forget: 'gemel-cluster-forget.service',
  /** Fresh DRBD metadata: what is on the volume will be replaced by the other node's. */
  volumeJoin: 'gemel-cluster-volume@join.service',
  /** Takes the volume back to the one-node form with its data as it is. */
  volumeKeep: 'gemel-cluster-volume@keep.service',
  /** Tells the running DRBD what gemel.res says now. */
  volumeAdjust: 'gemel-cluster-volume@adjust.service',
  /** Data of which DRBD does not know whether the other node has newer ones count as current. Fails when it knows that it has. */
  volumeAlone: 'gemel-cluster-volume@alone.service',
  /** So do data that are known to be old. Fails when they are not whole. */
  volumeOld: 'gemel-cluster-volume@old.service',
} as const;

const corosync = 'corosync.service';
const pacemaker = 'pacemaker.service';
const witness = 'corosync-qdevice.service';
/** What a single appliance has and a node of a cluster leaves to Pacemaker. */
const single = {
  volume: 'gemel-shared.service',
  mount: 'srv-gemel.mount',
  active: 'gemel-active.target',
  /** Reaches the target on a single appliance, once the volume is there. */
  alone: 'gemel-active-alone.service',
} as const;

/** Looks at the cluster while it forms are at least this far apart. */
const leastPauseMs = 250;

/** The engines of this node: Corosync, Pacemaker and the volume below them. */
export class Engines {
  readonly #units: UnitManager;
  readonly #commands: CommandRunner;
  readonly #clock: Clock;

  constructor({ units, commands, clock }: SystemAccess) {
    this.#units = units;
    this.#commands = commands;
    this.#clock = clock;
  }

  /** Returns when Pacemaker takes orders; resources may still be starting. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#units.start(corosync);
    await this.#units.start(pacemaker);
    await this.#until('Pacemaker did not answer', 60_000, signal, async () => {
      const { exitCode } = await this.#commands.run(['cibadmin', '--query', '--scope', 'crm_config'], { signal });
      return exitCode === 0;
    });
  }

  /** Pacemaker stops its resources here first, which go to the other node if it is there. */
  async stop(): Promise<void> {
    await this.#units.stop(pacemaker);
    await this.#units.stop(corosync);
  }

  /** Both nodes read corosync.conf and the key anew, which takes no connection away. */
  async reload(): Promise<void> {
    await this.#must(['corosync-cfgtool', '-R']);
  }

  async setProperty(name: string, value: string): Promise<void> {
    await this.#must(['crm_attribute', '--type', 'crm_config', '--name', name, '--update', value]);
  }

  /** Puts elements into the CIB, or changes those that have the same ids. By way of standard input: there may be passwords. */
  async merge(configuration: string): Promise<void> {
    const argv = ['cibadmin', '--modify', '--allow-create', '--scope', 'configuration', '--xml-pipe'] as const;
    await this.#must([...argv], configuration);
  }

  /** What the CIB says shall be, with its passwords. */
  async configuration(): Promise<string> {
    return await this.#must(['cibadmin', '--query', '--scope', 'configuration']);
  }

  /** With the constraints that name it. */
  async deleteResource(id: string): Promise<void> {
    await this.#must(['cibadmin', '--delete-all', '--force', '--xpath', `//rsc_location[@rsc="${id}"]`]);
    await this.#must(['cibadmin', '--delete-all', '--force', '--xpath', `//primitive[@id="${id}"]`]);
  }

  /** Pacemaker has the node switched off and on; its own daemon talks to the management controller. */
  async fence(node: string): Promise<void> {
    await this.#must(['stonith_admin', '--reboot', node, '--timeout', '120'], undefined, 150_000);
  }

  /** Pacemaker believes it as if it had switched the node off itself. */
  async confirmOff(node: string): Promise<void> {
    await this.#must(['stonith_admin', '--confirm', node]);
  }

  /** Whether the node is a member now, or becomes one. @throws ApplianceError when Pacemaker does not say. */
  async isOnline(node: string): Promise<boolean> {
    return await this.#isNode(node, 'online');
  }

  /** Also of a node that is away. @throws ApplianceError when Pacemaker does not say. */
  async isInMaintenance(node: string): Promise<boolean> {
    return await this.#isNode(node, 'standby');
  }

  /** Pacemaker takes it as soon as it knows the node, which is before it lets it be a member. */
  async keepInMaintenance(node: string, signal: AbortSignal): Promise<void> {
    await this.#until(`${node} could not be kept in maintenance`, 60_000, signal, async () => {
      const argv = ['crm_attribute', '--node', node, '--name', 'standby', '--update', 'on'] as const;
      return (await this.#commands.run([...argv], { signal })).exitCode === 0;
    });
  }

  async #isNode(node: string, what: 'online' | 'standby'): Promise<boolean> {
    const picture = await this.#look();
    if (picture !== undefined) return picture.nodes.some((each) => each.name === node && each[what]);
    throw new ApplianceError('engine-failed', 'Pacemaker does not answer. Look at: systemctl status pacemaker');
  }

  async setWitness(inUse: boolean): Promise<void> {
    const { loadState, activeState } = await this.#units.status(witness);
    if (loadState !== 'loaded') return;
    if (inUse) {
      // It would take Corosync along, which somebody may have stopped; a boot starts both.
      if ((await this.#units.status(corosync)).activeState === 'active') await this.#units.start(witness);
    }
    // Without a witness in its configuration it ends and is started again and again.
    else if (activeState !== 'inactive') await this.#units.stop(witness);
  }

  /** From now on Pacemaker neither starts nor stops anything, or does so again. */
  async setHandsOff(handsOff: boolean): Promise<void> {
    await this.setProperty('maintenance-mode', handsOff ? 'true' : 'false');
  }

  /**
   * Restarts the engines of this node around a change that they cannot take while they run. Services run on.
   * @param before what Pacemaker is told while it still runs, and acts upon only when it runs again.
   */
  async pauseAround(
    change: () => Promise<void>,
    signal: AbortSignal,
    before: () => Promise<void> = async () => {},
  ): Promise<void> {
    const external = await this.#external();
    await this.setHandsOff(true);
    await before();
    await this.stop();
    await change();
    await this.start(signal);
    // Forgotten with Pacemaker's end. Until the next ping this node would count as one that reaches nobody, and lose its services.
    if (external !== undefined) {
      await this.#until('Pacemaker did not take an attribute', 30_000, signal, async () => {
        const { exitCode } = await this.#commands.run(['attrd_updater', '--name', 'external', '--update', external]);
        return exitCode === 0;
      });
    }
    await this.setHandsOff(false);
  }

  /**
   * After a change was taken back, wherever in it that was: the engines run with the former files and do their work.
   * @param before what Pacemaker is told before it acts again. Must not throw.
   */
  async resume(signal: AbortSignal, before: () => Promise<void>): Promise<void> {
    await this.start(signal);
    await this.reload();
    await before();
    await this.setHandsOff(false);
  }

  /** What the pings of this node found last. */
  async #external(): Promise<string | undefined> {
    const { stdout } = await this.#commands.run(['attrd_updater', '--query', '--name', 'external']);
    return / value="(\d+)"/.exec(stdout)?.[1];
  }

  /** Forgets a node that is gone for good. */
  async forgetNode(hostName: string): Promise<void> {
    await this.#must(['crm_node', '--force', '--remove', hostName]);
  }

  /** Until all resources of the active role run and all these nodes are members. */
  async operational(nodes: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#until('The cluster did not become operational', 120_000, signal, async () => {
      const picture = await this.#look(signal);
      return picture !== undefined && isOperational(picture, nodes);
    });
  }

  /** Host name of the node that holds the cluster IP; undefined while none does. */
  async activeNode(): Promise<string | undefined> {
    const picture = await this.#look();
    return picture?.resources.find(({ id, role }) => id === 'cluster-ip' && role === 'Started')?.nodes[0];
  }

  /** Pacemaker itself says that votes are missing, for which it starts nothing; not while it only does not answer. */
  async lacksQuorum(): Promise<boolean> {
    const picture = await this.#look();
    return picture?.coordinator !== undefined && !picture.quorum;
  }

  /** DRBD's word in Pacemaker that the other node went on writing without this one. */
  async hasOldData(hostName: string): Promise<boolean> {
    const picture = await this.#look();
    return picture?.oldDataOn.includes(hostName) === true;
  }

  /** Nothing keeps a node from being active any more for what it has not written. */
  async liftDataFences(): Promise<void> {
    await this.#must(['cibadmin', '--delete-all', '--force', '--xpath', dataFences]);
  }

  /** The cluster IP that Pacemaker, told to keep its hands off, left on an interface. */
  async removeAddress(address: string, prefix: number, interfaceName: string): Promise<void> {
    // It fails when the address is not there, which is what is wanted.
    await this.#commands.run(['ip', 'address', 'delete', `${address}/${prefix}`, 'dev', interfaceName]);
  }

  async runHelper(unit: string): Promise<void> {
    await this.#units.start(unit);
  }

  /** Ends the single appliance's own hold of the volume and of what follows the active role. */
  async stopSingle(): Promise<void> {
    await this.#units.stop(single.active);
    // In a container the mount is the lab's own.
    if ((await this.#units.status(single.volume)).activeState !== 'active') return;
    await this.#units.stop(single.mount);
    await this.#units.stop(single.volume);
  }

  /** Where the role is not held, as when the power failed in the middle: the boot left everything to Pacemaker, which is gone now. */
  async ensureSingle(): Promise<void> {
    if ((await this.#units.status(single.active)).activeState === 'active') return;
    await this.runHelper(helperUnits.volumeKeep);
    await this.startSingle();
  }

  async startSingle(): Promise<void> {
    for (const unit of [single.volume, single.mount, single.alone, single.active]) await this.#units.start(unit);
  }

  /** Undefined while Pacemaker does not answer. */
  async #look(signal?: AbortSignal): Promise<ClusterPicture | undefined> {
    const options = signal === undefined ? {} : { signal };
    const { exitCode, stdout } = await this.#commands.run([...pictureCommand], options);
    return exitCode === 0 ? readPicture(await parseXml(stdout)) : undefined;
  }

  async #must(argv: readonly [string, ...string[]], input?: string, timeoutMs = 30_000): Promise<string> {
    const options = { timeoutMs, ...(input === undefined ? {} : { input }) };
    const { exitCode, stdout, stderr } = await this.#commands.run(argv, options);
    if (exitCode === 0) return stdout;
    const said = `${stderr}${stdout}`.trim().replaceAll('\n', '; ');
    throw new ApplianceError('engine-failed', `${argv[0]} ended with ${exitCode}: ${said}`);
  }

  async #until(what: string, limitMs: number, signal: AbortSignal, look: () => Promise<boolean>): Promise<void> {
    const deadline = this.#clock.monotonic() + limitMs;
    for (;;) {
      const began = this.#clock.monotonic();
      if (await look().catch(tooSlow)) return;
      const now = this.#clock.monotonic();
      if (now > deadline) {
        throw new ApplianceError('timeout', `${what} within ${limitMs / 1000} s. See the log of pacemaker.service.`);
      }
      await this.#clock.sleep(pauseAfterLook(leastPauseMs, now - began), signal);
    }
  }
}

/** Pure. */
export function isOperational({ nodes, resources }: ClusterPicture, members: readonly string[]): boolean {
  const isMember = (member: string) => nodes.some(({ name, online, pending }) => name === member && online && !pending);
  const runs = (resource: string) =>
    resources.some(({ id, role, failed }) => id === resource && role === 'Started' && !failed);
  return members.every(isMember) && runs('cluster-ip') && runs('active');
}

/** On a machine that has much to do the look itself may take too long, which says nothing about the cluster: there will be another one. */
function tooSlow(failure: unknown): false {
  if (failure instanceof ApplianceError && failure.code === 'timeout') return false;
  throw failure;
}
