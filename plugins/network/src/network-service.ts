import { asApplianceError, type SystemAccess, toDisposable } from '@gemel/core/sdk';
import { plainAddress } from './addresses/connection-fate.js';
import type { FurtherProbe, NetworkService } from './contract.js';
import type { LinkFact } from './settings/facts.js';
import { networkModel } from './settings/network-model.js';
import type { NetworkSettings } from './settings/schema.js';
import { type InterfaceState, networkState } from './state/network-state.js';
import { LinkReader } from './system/link-reader.js';
import { Neighbours } from './system/neighbours.js';
import { Networkd, type NetworkdLink } from './system/networkd.js';

/** One look at the live network. */
export interface Observed {
  readonly links: readonly LinkFact[];
  /** Undefined when systemd-networkd does not answer: the kernel's side is still worth showing. */
  readonly networkd: readonly NetworkdLink[] | undefined;
  readonly states: readonly InterfaceState[];
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** Four status items are asked for at once by `gemel status`; they share one look. */
const sharedForMs = 500;

/** Looks at the live network and answers for it. */
export class LiveNetwork implements NetworkService {
  /** Of other plugins. */
  readonly probes = new Set<FurtherProbe>();
  readonly #system: SystemAccess;
  readonly #links: LinkReader;
  readonly #networkd: Networkd;
  readonly #neighbours: Neighbours;
  readonly #running: () => NetworkSettings;
  /** Judged by settings that are no longer in force, a look is worth nothing. */
  #latest:
    | { readonly at: number; readonly settings: NetworkSettings; readonly observed: Promise<Observed> }
    | undefined;

  /** @param running the settings in force; what is configured is judged by them. */
  constructor(system: SystemAccess, running: () => NetworkSettings) {
    this.#system = system;
    this.#links = new LinkReader(system.commands, system.files);
    this.#networkd = new Networkd(system.dbus, system.units);
    this.#neighbours = new Neighbours(system.commands, system.clock);
    this.#running = running;
  }

  async observe(signal?: AbortSignal): Promise<Observed> {
    const now = this.#system.clock.monotonic();
    const settings = this.#running();
    if (this.#latest?.settings === settings && now - this.#latest.at < sharedForMs) return this.#latest.observed;
    const latest = { at: now, settings, observed: this.#look(settings, signal) };
    this.#latest = latest;
    try {
      return await latest.observed;
    } catch (failure) {
      if (this.#latest === latest) this.#latest = undefined;
      throw failure;
    }
  }

  addProbe(probe: FurtherProbe): Disposable {
    this.probes.add(probe);
    return toDisposable(() => this.probes.delete(probe));
  }

  async interfaces(signal?: AbortSignal): Promise<readonly InterfaceState[]> {
    return (await this.observe(signal)).states;
  }

  async interfaceWithAddress(address: string, signal?: AbortSignal): Promise<string | undefined> {
    const plain = plainAddress(address);
    const { links } = await this.observe(signal);
    return links.find((link) => link.addresses.some((each) => each.address === plain))?.name;
  }

  async neighbourAnswers(
    address: string,
    interfaceName: string,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<boolean> {
    return this.#neighbours.answers(plainAddress(address), interfaceName, signal);
  }

  async #look(settings: NetworkSettings, signal?: AbortSignal): Promise<Observed> {
    const [links, networkd] = await Promise.all([this.#links.read(signal), this.#networkdLinks()]);
    const states = networkState(networkModel(settings, { links, connections: [] }), links, networkd);
    return { links, networkd, states, at: this.#system.clock.monotonic() };
  }

  async #networkdLinks(): Promise<readonly NetworkdLink[] | undefined> {
    try {
      return await this.#networkd.links();
    } catch (failure) {
      const { code } = asApplianceError(failure);
      if (code === 'unavailable' || code === 'timeout') return undefined;
      throw failure;
    }
  }
}
