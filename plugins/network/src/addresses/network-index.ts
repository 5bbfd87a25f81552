import type { ModelAddress, NetworkModel } from '../settings/network-model.js';
import { type Family, type InterfaceAddress, type IpAddress, networkOf } from './ip.js';

export interface OwnedAddress {
  readonly interface: string;
  readonly address: ModelAddress;
  readonly parsed: InterfaceAddress;
}

const indexes = new WeakMap<NetworkModel, NetworkIndex>();

type Key = number | string;

/** V8 hashes a bigint by its lowest 64 bits, which are the same for all IPv6 networks: as keys of a map they would cost n² steps. */
function keyOf(family: Family, value: bigint): Key {
  return family === 4 ? Number(value) : value.toString(16);
}

/**
 * Finds the networks that hold an address. One map per prefix length in use, so a look-up costs as many steps as there are
 * different prefix lengths, however many interfaces there are.
 */
export class NetworkIndex {
  readonly #networks = {
    4: new Map<number, Map<Key, OwnedAddress[]>>(),
    6: new Map<number, Map<Key, OwnedAddress[]>>(),
  };
  readonly #hosts = { 4: new Map<Key, OwnedAddress>(), 6: new Map<Key, OwnedAddress>() };
  #ordered: { readonly [Family in 4 | 6]: readonly (readonly [number, Map<Key, OwnedAddress[]>])[] } | undefined;

  /** The index of a model, made once: models do not change. */
  static of(model: NetworkModel): NetworkIndex {
    let index = indexes.get(model);
    if (index === undefined) indexes.set(model, (index = new NetworkIndex(model)));
    return index;
  }

  private constructor(model: NetworkModel) {
    for (const subject of model.interfaces.values()) {
      for (const address of subject.addresses) {
        if (address.parsed === undefined || address.parsed.family !== address.family) continue;
        this.#add({ interface: subject.name, address, parsed: address.parsed });
      }
    }
  }

  /** The first interface that was given exactly this address. */
  owner(address: IpAddress): OwnedAddress | undefined {
    return this.#hosts[address.family].get(keyOf(address.family, address.value));
  }

  /** The owner of the smallest network that holds the address and fits. */
  find(address: IpAddress, fits: (owned: OwnedAddress) => boolean = () => true): OwnedAddress | undefined {
    for (const [prefix, networks] of this.#longestFirst(address.family)) {
      const found = networks.get(keyOf(address.family, networkOf(address, prefix)))?.find(fits);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Somebody earlier, or with a larger network, whose network overlaps with this address's one on another interface. */
  overlap(owned: OwnedAddress): OwnedAddress | undefined {
    for (const [prefix, networks] of this.#longestFirst(owned.parsed.family)) {
      if (prefix > owned.parsed.prefix) continue;
      const inNetwork = networks.get(keyOf(owned.parsed.family, networkOf(owned.parsed, prefix)));
      // Within one prefix length the first is reported against by all later ones, so each pair is told once.
      const first = inNetwork?.[0];
      if (first !== undefined && first.interface !== owned.interface) return first;
    }
    return undefined;
  }

  #add(owned: OwnedAddress): void {
    const { family, prefix, network, value } = owned.parsed;
    const byPrefix = this.#networks[family];
    let networks = byPrefix.get(prefix);
    if (networks === undefined) byPrefix.set(prefix, (networks = new Map()));
    const key = keyOf(family, network);
    const inNetwork = networks.get(key);
    if (inNetwork === undefined) networks.set(key, [owned]);
    else inNetwork.push(owned);
    const host = keyOf(family, value);
    if (!this.#hosts[family].has(host)) this.#hosts[family].set(host, owned);
  }

  #longestFirst(family: Family): readonly (readonly [number, Map<Key, OwnedAddress[]>])[] {
    const order = (networks: Map<number, Map<Key, OwnedAddress[]>>) =>
      [...networks].toSorted(([one], [other]) => other - one);
    this.#ordered ??= { 4: order(this.#networks[4]), 6: order(this.#networks[6]) };
    return this.#ordered[family];
  }
}
