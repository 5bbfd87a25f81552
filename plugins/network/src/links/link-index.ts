import type { LinkFact, NetworkFacts } from '../settings/facts.js';
import type { ModelInterface } from '../settings/network-model.js';

/** Finds the kernel's link for a configured interface: a NIC by its permanent hardware address when that is entered, else by name. */
export class LinkIndex {
  readonly #byName: ReadonlyMap<string, LinkFact>;
  readonly #byPermanentAddress: ReadonlyMap<string, LinkFact>;

  constructor({ links }: NetworkFacts) {
    this.#byName = new Map(links.map((link) => [link.name, link]));
    const withAddress = links.filter((link) => link.kind === 'physical' && link.permanentAddress !== undefined);
    this.#byPermanentAddress = new Map(withAddress.map((link) => [link.permanentAddress ?? '', link]));
  }

  /** True when nothing is known of the machine, so nothing can be said to be missing. */
  get isEmpty(): boolean {
    return this.#byName.size === 0;
  }

  named(name: string): LinkFact | undefined {
    return this.#byName.get(name);
  }

  find(subject: Pick<ModelInterface, 'name' | 'hardwareAddress' | 'kind'>): LinkFact | undefined {
    return subject.kind === 'link' && subject.hardwareAddress !== undefined
      ? this.#byPermanentAddress.get(subject.hardwareAddress)
      : this.#byName.get(subject.name);
  }
}
