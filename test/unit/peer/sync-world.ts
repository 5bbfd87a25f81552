import type { EventDefinition, EventsAccess, Logger, Report } from '@gemel/core/sdk';
import { ApplianceError } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import type { ActivationResult } from '#core/settings/activation/activation.js';
import { EngineExchange, SettingsEngine } from '#core/settings/index.js';
import type { EditableSettings, PairedPeer, PeerRequest, PeerService } from '#peer/contract.js';
import { Handlers } from '#peer/handlers.js';
import { CommonSettings } from '#peer/settings-sync/common-settings.js';
import { JointActivation } from '#peer/settings-sync/joint-activation.js';
import { SettingsSync } from '#peer/settings-sync/settings-sync.js';
import { fromWireError } from '#peer/wire/wire-error.js';
import { jane, type Kernel, type Lan, lanSection, type Ntp, ntpSection, type Trouble } from '../settings/world.js';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** The way between two nodes without a network: requests travel as JSON, as they do over TLS. */
class DirectPeer implements PeerService {
  readonly handlers = new Handlers();
  paired: PairedPeer | undefined;
  reachable = true;
  other: DirectPeer | undefined;
  /** The key this node shows, where it is not its name. */
  shownKey: string | undefined;
  /** Ids of the requests that were made. */
  readonly asked: string[] = [];
  /** Thrown instead of asking. */
  failing: { readonly request: string; readonly failure: ApplianceError } | undefined;

  constructor(readonly name: string) {}

  async call<Input, Output>(request: PeerRequest<Input, Output>, input: Input): Promise<Output> {
    const { other } = this;
    if (!this.reachable || other === undefined) throw new ApplianceError('unavailable', 'It cannot be reached.');
    this.asked.push(request.id);
    if (this.failing?.request === request.id) throw this.failing.failure;
    const body: unknown = JSON.parse(JSON.stringify(input));
    const delivery = { request: request.id, body, address: '192.0.2.1', fingerprint: this.shownKey ?? this.name };
    const delivered = await other.handlers.deliver(delivery, other.paired, new AbortController().signal);
    if (delivered.error !== undefined) throw fromWireError(delivered.error);
    return request.output.parse(JSON.parse(JSON.stringify(delivered.body)));
  }

  handle: PeerService['handle'] = (request, handler) => this.handlers.add(request, handler);
  handleLater = () => unused();
  refuseStrangers = () => unused();
  fingerprint = async () => this.name;
  introduce = async () => unused();
  callUnpaired = async () => unused();
  pair = async (peer: PairedPeer) => void (this.paired = peer);
  unpair = async () => void (this.paired = undefined);
}

function unused(): never {
  throw new Error('must not be called');
}

/** One node: settings engine with two sections of cluster scope, and what keeps them the same on both. */
export class SyncNode {
  readonly system = new ScriptedSystem();
  readonly kernel: Kernel = { network: {}, servers: '', zone: '' };
  readonly trouble: Trouble = {};
  readonly events: string[] = [];
  readonly peer: DirectPeer;
  readonly engine: SettingsEngine;
  readonly exchange: EngineExchange;
  readonly sync: SettingsSync;
  readonly joint: JointActivation;
  editable: EditableSettings = 'both-were-active';

  constructor(readonly name: string) {
    const { system, kernel, trouble } = this;
    const { clock, files, units } = system;
    files.put('/proc/sys/kernel/random/boot_id', 'boot-1\n');
    for (const unit of ['systemd-networkd.service', 'ntp.service']) units.add(unit, 'active');
    units.add('gemel-rollback@.service');
    this.peer = new DirectPeer(name);
    const publish = ({ id }: EventDefinition<unknown>) => {
      this.events.push(id);
      if (id !== 'settings.activation.confirmed' || this.peer.paired === undefined) return;
      this.joint.settled();
      void this.sync.compare();
    };
    const parts = { files, units, clock, log: silent, publish, paths: { stateFolder: '/var/lib/gemel/settings' } };
    this.engine = new SettingsEngine(parts);
    this.engine.register(
      { ...lanSection(system, kernel, trouble), scope: 'cluster', confirmSeconds: 0 },
      { id: 'lan', files: ['/'] },
    );
    this.engine.register({ ...ntpSection(system, kernel, trouble), scope: 'cluster' }, { id: 'ntp', files: ['/'] });
    this.exchange = new EngineExchange(this.engine);
    const access = { publish } as unknown as EventsAccess; // it only publishes
    const { peer, exchange } = this;
    const common = new CommonSettings(files, '/data');
    const underWay = () => this.joint.underWay;
    const around = { peer, exchange, clock, log: silent };
    const editable = () => this.editable;
    this.sync = new SettingsSync({ ...around, common, events: access, editable, underWay, changed() {} });
    const abandoned = () => void this.sync.compare();
    this.joint = new JointActivation({ ...around, maintenance: this.engine, abandoned });
  }

  set(section: 'lan' | 'ntp', change: Partial<Lan> | Partial<Ntp>): Promise<readonly Report[]> {
    return this.engine.edit({
      section,
      caller: jane,
      change: (settings) => ({ ...(settings as object), ...change }), // one of these two sections
    });
  }

  activate(confirmSeconds?: number): Promise<ActivationResult> {
    return this.engine.activateDraft({ comment: '', force: new Set(), confirmSeconds }, jane);
  }

  async change(section: 'lan' | 'ntp', change: Partial<Lan> | Partial<Ntp>): Promise<ActivationResult> {
    await this.set(section, change);
    return this.activate();
  }

  settings(): { readonly mtu: unknown; readonly zone: unknown } {
    const { sections, confirmed } = this.engine.state;
    const lan = sections.settingsOf(confirmed.document, 'lan') as Lan; // its schema made it
    const ntp = sections.settingsOf(confirmed.document, 'ntp') as Ntp; // likewise
    return { mtu: lan.mtu, zone: ntp.zone };
  }
}

/** Two nodes that were paired and have compared their settings once. */
export async function twoNodes(): Promise<readonly [SyncNode, SyncNode]> {
  const a = new SyncNode('a');
  const b = new SyncNode('b');
  a.peer.other = b.peer;
  b.peer.other = a.peer;
  for (const node of [a, b]) await node.engine.recover();
  await a.peer.pair({ hostName: 'b', fingerprint: 'b', addresses: [] });
  await b.peer.pair({ hostName: 'a', fingerprint: 'a', addresses: [] });
  await settle(a, b);
  a.events.length = 0;
  b.events.length = 0;
  return [a, b];
}

export function cut(a: SyncNode, b: SyncNode, away = true): void {
  a.peer.reachable = !away;
  b.peer.reachable = !away;
}

/** Both look at each other until neither has anything left to do. */
export async function settle(a: SyncNode, b: SyncNode): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await a.sync.compare();
    await b.sync.compare();
  }
}

export async function end(...nodes: readonly SyncNode[]): Promise<void> {
  for (const node of nodes) {
    node.joint[Symbol.dispose]();
    await node.sync[Symbol.asyncDispose]();
    await node.engine.close();
    node.system.verify();
  }
}
