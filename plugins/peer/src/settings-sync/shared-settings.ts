import {
  ApplianceError,
  type PluginContext,
  SettingsExchange,
  SettingsMaintenance,
  toDisposable,
} from '@gemel/core/sdk';
import type { EditableSettings, PeerService, SharedSettingsService } from '../contract.js';
import type { JointActivation } from './joint-activation.js';
import type { SettingsSync } from './settings-sync.js';
import type { SyncStatus } from './sync-status.js';

/** Settings that both nodes have the same. All that does it is loaded when this node is paired, and costs a single appliance nothing. */
export class SharedSettings implements SharedSettingsService {
  readonly #context: PluginContext;
  readonly #peer: PeerService;
  readonly #changed: () => void;
  #editable: (() => EditableSettings) | undefined;
  #loading: Promise<void> | undefined;
  #sync: SettingsSync | undefined;
  #joint: JointActivation | undefined;

  /** @param changed Called when `status` has something new to say. */
  constructor(context: PluginContext, peer: PeerService, changed: () => void) {
    this.#context = context;
    this.#peer = peer;
    this.#changed = changed;
  }

  /** Once this node is paired. */
  start(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /** Settings were confirmed here. */
  confirmed(): void {
    this.#joint?.settled();
    if (this.#peer.paired !== undefined) void this.compare();
  }

  decideEditable(editable: () => EditableSettings): Disposable {
    this.#editable = editable;
    return toDisposable(() => {
      if (this.#editable === editable) this.#editable = undefined;
    });
  }

  async compare(): Promise<void> {
    await this.#sync?.compare();
  }

  get same(): boolean {
    return this.#sync?.same ?? false;
  }

  get status(): SyncStatus {
    return this.#sync?.status ?? notPaired;
  }

  /** Where a person decides. @throws ApplianceError `conflict` while this node is paired with none. */
  decided(): SettingsSync {
    if (this.#sync !== undefined) return this.#sync;
    throw new ApplianceError('conflict', 'This node is not paired with another one.');
  }

  async #load(): Promise<void> {
    const [{ CommonSettings }, { SettingsSync: Sync }, { JointActivation: Joint }] = await Promise.all([
      import('./common-settings.js'),
      import('./settings-sync.js'),
      import('./joint-activation.js'),
    ]);
    const { system, dataFolder, events, log, own } = this.#context;
    const { clock, files } = system;
    const common = new CommonSettings(files, dataFolder);
    await common.load(log);
    const exchange = this.#context.get(SettingsExchange);
    const maintenance = this.#context.get(SettingsMaintenance);
    const around = { peer: this.#peer, exchange, clock, log };
    this.#sync = own(
      new Sync({
        ...around,
        common,
        events,
        editable: () => this.#editable?.() ?? 'both-were-active',
        underWay: () => this.#joint?.underWay ?? false,
        changed: this.#changed,
      }),
    );
    this.#joint = own(new Joint({ ...around, maintenance, abandoned: () => void this.compare() }));
  }
}

const notPaired: SyncStatus = {
  state: 'not-paired',
  conflicts: [],
  waiting: [],
  mine: null,
  theirs: null,
  comparedAt: null,
  reason: null,
};
