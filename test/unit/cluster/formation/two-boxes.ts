import { ApplianceError, PasswordCheck, type PluginContext } from '@gemel/core/sdk';
import { FakeClock, ScriptedSystem } from '@gemel/core/testing';
import { DeviceService } from '@gemel/plugin-device/contract';
import { NetworkService } from '@gemel/plugin-network/contract';
import type {
  PairedPeer,
  PeerCallOptions,
  PeerOrigin,
  PeerRequest,
  PeerService,
  UnpairedPeer,
} from '@gemel/plugin-peer/contract';
import { createCluster } from '#cluster/formation/creation.js';
import { connectPeer } from '#cluster/formation/connection.js';
import { followWitnessAgain } from '#cluster/formation/configuration-change.js';
import { Engines } from '#cluster/formation/engines.js';
import { answerPairedNode } from '#cluster/formation/answers.js';
import { recover } from '#cluster/formation/recovery.js';
import { FormationJournal } from '#cluster/formation/journal.js';
import { Joining } from '#cluster/formation/joining.js';
import { MissedLeave } from '#cluster/formation/missed-leave.js';
import { StayingOff } from '#cluster/formation/staying-off.js';
import type { FormationParts } from '#cluster/formation/parts.js';
import { StoredMembership } from '#cluster/membership/membership-service.js';
import { parseXml } from '#cluster/pacemaker/xml.js';
import { crmMon, look } from '../crm-mon.js';
import { quorum } from '../witness/quorum.js';

// Loading the parser takes time that the clocks here do not know.
await parseXml('<loaded/>');

type Handler = (input: unknown, origin: PeerOrigin, signal: AbortSignal) => Promise<unknown>;

const units = [
  'gemel-cluster-forget.service',
  'gemel-cluster-volume@.service',
  'gemel-active-alone.service',
  'srv-gemel.mount',
  'corosync.service',
  'pacemaker.service',
];
const silence = { debug() {}, info() {}, warn() {}, error() {} };

/** One appliance: its core may be gone while its engines run. */
export class Box implements PeerService {
  readonly handlers = new Map<string, Handler>();
  /** Its own: the timers of a core that is killed never fire, those of the other one do. */
  readonly clock = new FakeClock();
  readonly address: string;
  paired: PairedPeer | undefined;
  /** Filled by `Boxes`: who can be reached by address. */
  others: readonly Box[] = [];
  system: ScriptedSystem;
  parts: FormationParts;
  joining: Joining;
  stayingOff: StayingOff;
  missedLeave: MissedLeave;
  reachable = true;
  /** As the CIB, which is the same on both nodes, says of this one. */
  standby = false;

  constructor(
    public hostName: string,
    readonly number: number,
  ) {
    this.address = `10.78.0.1${number}`;
    this.system = new ScriptedSystem({ clock: this.clock, files: { '/run/systemd/container': 'systemd-nspawn\n' } });
    for (const unit of units) this.system.units.add(unit);
    this.system.units.add('gemel-active.target', 'active').add('gemel-shared.service');
    this.#script();
    this.parts = this.#makeParts();
    this.joining = new Joining(this.parts);
    this.stayingOff = new StayingOff(this.parts);
    this.missedLeave = new MissedLeave(this.parts, async () => this.stayingOff);
    this.#listen();
  }

  /** Core is killed: what it was doing never goes on. */
  async crashAndRestart(): Promise<void> {
    this.system.faults.crash();
    this.system = this.system.afterCrash();
    this.#script();
    this.handlers.clear();
    this.parts = this.#makeParts();
    this.joining = new Joining(this.parts);
    this.stayingOff = new StayingOff(this.parts);
    this.missedLeave = new MissedLeave(this.parts, async () => this.stayingOff);
    await this.parts.membership.load();
    await this.parts.journal.load();
    this.#listen();
  }

  async recover(): Promise<void> {
    if (this.parts.journal.open !== undefined) await recover(this.parts, this.joining);
    if (this.phase !== 'none') await this.stayingOff.recover();
    if (this.phase !== 'connected') return;
    this.missedLeave.settle();
    await followWitnessAgain(this.parts);
  }

  /** The device loses its power; nothing of it starts by itself here. */
  async powerOff(): Promise<void> {
    await this.parts.engines.stop();
    this.reachable = false;
  }

  /** Its engines start with what is on its disk, as does its core. */
  async powerOn(): Promise<void> {
    await this.parts.engines.start(new AbortController().signal);
    this.reachable = true;
    await this.crashAndRestart();
    await this.recover();
  }

  get phase() {
    return this.parts.membership.current.phase;
  }

  /** What an operator or a boot would find; never the key itself. */
  async state(): Promise<Readonly<Record<string, unknown>>> {
    const { files, units: running } = this.system;
    const active = async (unit: string) => (await running.status(unit)).activeState;
    return {
      phase: this.phase,
      paired: this.paired?.hostName,
      corosync: await files.read('/var/lib/gemel/cluster/corosync.conf'),
      key: (await files.read('/var/lib/gemel/cluster/authkey')) !== undefined,
      journal: (await files.read('/var/lib/gemel/cluster/transaction.json')) !== undefined,
      engines: [await active('corosync.service'), await active('pacemaker.service')],
    };
  }

  async fingerprint(): Promise<string> {
    return `FP:${this.number}`;
  }

  async introduce(address: string): Promise<UnpairedPeer> {
    return { address, fingerprint: await this.#other(address).fingerprint() };
  }

  async callUnpaired<Input, Output>(peer: UnpairedPeer, request: PeerRequest<Input, Output>, input: Input) {
    const other = this.#other(peer.address);
    if (other.paired !== undefined) throw new ApplianceError('forbidden', 'paired already');
    return this.#ask(other, request, input);
  }

  async call<Input, Output>(request: PeerRequest<Input, Output>, input: Input, _options?: PeerCallOptions) {
    const address = this.paired?.addresses[0];
    if (address === undefined) throw new ApplianceError('unavailable', 'none is paired');
    const other = this.#other(address);
    if (other.paired?.fingerprint !== (await this.fingerprint()))
      throw new ApplianceError('forbidden', 'not paired with this node');
    return this.#ask(other, request, input);
  }

  handle<Input, Output>(
    request: PeerRequest<Input, Output>,
    handler: (input: Input, origin: PeerOrigin, signal: AbortSignal) => Promise<Output>,
  ): Disposable {
    this.handlers.set(request.id, async (input, origin, signal) => handler(request.input.parse(input), origin, signal));
    return { [Symbol.dispose]: () => void this.handlers.delete(request.id) };
  }

  handleLater(): Disposable {
    throw new Error('listens from the start');
  }

  async pair(peer: PairedPeer): Promise<void> {
    this.system.faults.assertAlive();
    this.paired = peer;
  }

  async unpair(): Promise<void> {
    this.system.faults.assertAlive();
    this.paired = undefined;
  }

  refuseStrangers(): Disposable {
    return { [Symbol.dispose]() {} };
  }

  #other(address: string): Box {
    const other = this.others.find((each) => each.address === address);
    if (other === undefined || !other.reachable) throw new ApplianceError('unavailable', `${address} is silent`);
    return other;
  }

  async #ask<Input, Output>(other: Box, request: PeerRequest<Input, Output>, input: Input): Promise<Output> {
    const handler = other.handlers.get(request.id);
    if (handler === undefined || other.system.faults.crashed)
      throw new ApplianceError('unavailable', 'core is gone there');
    const origin = { address: this.address, fingerprint: await this.fingerprint() };
    try {
      return request.output.parse(await handler(structuredClone(input), origin, new AbortController().signal));
    } catch (failure) {
      // A process that is gone answers nothing.
      if (other.system.faults.crashed) throw new ApplianceError('unavailable', 'the connection ended');
      throw failure;
    }
  }

  #listen(): void {
    this.joining.listen();
    answerPairedNode(this.parts, this.stayingOff);
  }

  #script(): void {
    const { commands } = this.system;
    for (const argv of [
      ['corosync-cfgtool', '-R'],
      ['cibadmin', '--query', '--scope', 'crm_config'],
      ['crm_attribute', '--type', 'crm_config', '--name', /./, '--update', /./],
      ['attrd_updater', '--query', '--name', 'external'],
      ['ip', 'address', 'delete', /./, 'dev', /./],
    ]) {
      commands.always(argv);
    }
    commands.always(look, async () => this.#monitor());
    commands.always(['cibadmin', '--query', '--scope', 'configuration'], '<configuration/>');
    commands.always(['corosync-quorumtool', '-s'], quorum('A,V,NMW', 'A,V,NMW', 3));
    const standby = (named: string | undefined, is: boolean) => {
      for (const box of [this, ...this.others]) if (box.hostName === named) box.standby = is;
      return '';
    };
    commands.always(['crm_node', '--force', '--remove', /./], (argv) => standby(argv[3], false));
    commands.always(['crm_attribute', '--node', /./, '--name', 'standby', '--update', 'on'], (argv) =>
      standby(argv[2], true),
    );
  }

  async #monitor(): Promise<string> {
    const boxes = [this, ...this.others].toSorted((first, second) => first.number - second.number);
    const nodes: [string, { readonly standby: boolean }][] = [];
    for (const box of boxes) {
      const { activeState } = await box.system.units
        .status('pacemaker.service')
        .catch(() => ({ activeState: 'active' }));
      if (activeState === 'active' && (await this.#isWith(box))) nodes.push([box.hostName, { standby: box.standby }]);
    }
    // Whoever of them runs and was there first.
    return crmMon({ nodes: Object.fromEntries(nodes), active: nodes[0]?.[0] });
  }

  /** Each is named in the other one's corosync.conf. */
  async #isWith(other: Box): Promise<boolean> {
    const names = async (box: Box, { hostName }: Box) => {
      const text = await box.system.files.read(configuration).catch(() => undefined);
      return text === undefined || text.includes(`name: ${hostName}\n`);
    };
    return other === this || ((await names(this, other)) && (await names(other, this)));
  }

  #makeParts(): FormationParts {
    const { system } = this;
    const events = { publish() {} };
    const services = new Map<symbol, unknown>([
      [DeviceService, { identity: async () => ({ hostName: this.hostName, version: '0.1.0' }) }],
      [
        NetworkService,
        {
          interfaces: async () => [
            { name: 'ext', condition: 'ok', addresses: [`10.77.0.1${this.number}/24`] },
            { name: 'sync', condition: 'ok', addresses: [`10.78.0.1${this.number}/24`] },
          ],
          neighbourAnswers: async () => false,
        },
      ],
      [
        PasswordCheck,
        {
          check: async (name: string, password: string) => {
            if (password !== 'right') throw new ApplianceError('forbidden', 'The user name or the password is wrong.');
            return name === 'admin' ? 'administrator' : 'operator';
          },
        },
      ],
    ]);
    const fixed = { ipv4: { method: 'static', gateway: '10.77.0.1' } };
    // Only what forming a cluster asks a context for.
    const context = {
      system,
      events,
      log: silence,
      get: (token: symbol) => services.get(token),
      find: () => undefined,
      own: (thing: unknown) => thing,
      status: { get: async () => ({ state: 'idle', pending: 0 }) },
      settings: { confirmed: () => ({ mode: 'advanced', links: { ext: fixed, sync: fixed }, bonds: {}, vlans: {} }) },
    } as unknown as PluginContext;
    const membership = new StoredMembership(system.files, context.events, silence);
    return {
      context,
      membership,
      journal: new FormationJournal(system.files),
      engines: new Engines(system),
      peer: this,
    };
  }
}

export const createInput = {
  clusterIp: '10.77.0.100/24',
  external: 'ext',
  sync: 'sync',
  peerExternal: '10.77.0.12',
  peerSync: '10.78.0.12',
  externalReferences: [],
  tokenMs: 1_000,
  consensusMs: 400,
};

export const login = { address: '10.78.0.12', fingerprint: 'FP:2', user: 'admin', password: 'right' };

export class Boxes {
  readonly one = new Box('node1', 1);
  readonly two = new Box('node2', 2);
  readonly clock = { advance: (ms: number) => this.#advance(ms) };

  constructor() {
    this.one.others = [this.two];
    this.two.others = [this.one];
  }

  async create(): Promise<void> {
    await this.pass(createCluster(this.one.parts, createInput, { signal: new AbortController().signal }));
  }

  connect(given = login) {
    const call = { progress() {}, log() {}, signal: new AbortController().signal };
    return connectPeer(this.one.parts, given, call);
  }

  /** Lets time pass until it has ended. */
  async pass<Result>(work: Promise<Result>): Promise<Result> {
    const state = { over: false };
    const ended = work.finally(() => {
      state.over = true;
    });
    ended.catch(() => {});
    for (let turn = 0; turn < 4_000 && !state.over; turn += 1) await this.clock.advance(250);
    if (!state.over) throw new Error('it did not end within 1,000 s');
    return ended;
  }

  /** The clocks of both go on side by side. */
  async #advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      for (const { clock } of [this.one, this.two]) await clock.advance(Math.min(250, left));
    }
  }

  async states() {
    return { one: await this.one.state(), two: await this.two.state() };
  }
}

export const configuration = '/var/lib/gemel/cluster/corosync.conf';
export const stayOff = '/var/lib/gemel/cluster/stay-off';

/** Two nodes that are connected. */
export async function pair(): Promise<Boxes> {
  const boxes = new Boxes();
  await boxes.create();
  await boxes.pass(boxes.connect());
  return boxes;
}

/** The other node is lost, and without it there are not the votes to run anything until this one's Corosync knows no other. */
export function lackQuorum(box: Box): void {
  box.system.commands.always(look, async () => {
    const quorum = (await nodesIn(box)) === 1;
    return crmMon({ nodes: { [box.hostName]: {} }, quorum, active: quorum ? box.hostName : undefined });
  });
}

/** How many nodes the node's Corosync is to know. */
export async function nodesIn(box: Box): Promise<number | undefined> {
  return (await box.system.files.read(configuration))?.match(/name: (node\d)/g)?.length;
}
