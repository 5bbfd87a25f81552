import { ApplianceError, type ApplyInput, type Clock, type CommandRunner, type SystemAccess } from '@gemel/core/sdk';
import { liveBondChange } from '../bonds/kernel-bond.js';
import { LinkIndex } from '../links/link-index.js';
import { type Observation, staleDevices, unsettled, type Unsettled } from '../networkd/convergence.js';
import { interfaceOfFile } from '../networkd/names.js';
import { staleAddresses } from '../networkd/stale-addresses.js';
import { LinkReader } from '../system/link-reader.js';
import { Networkd } from '../system/networkd.js';
import type { LinkFact, NetworkFacts } from './facts.js';
import { type NetworkModel, networkModel } from './network-model.js';
import type { NetworkSettings } from './schema.js';

/** Between looks. Shorter costs an emulated or small machine more than it gains; longer is seen in the length of an activation. */
const lookEveryMs = 150;

/** How long networkd may take over a link before it is told again; udev needs up to a second to announce a new device. */
const patienceMs = 2_000;

/** Below the settings engine's own 60 s, so that the operator is told which interface it was. */
const limitMs = 45_000;

/**
 * Brings systemd-networkd and the kernel to the files, from any state: compares, tells networkd what differs, and looks again until nothing does.
 * Nothing is remembered between runs, so a run that was killed anywhere is finished by the next.
 */
export class NetworkApply {
  readonly #commands: CommandRunner;
  readonly #clock: Clock;
  readonly #links: LinkReader;
  readonly #networkd: Networkd;

  constructor(system: SystemAccess) {
    this.#commands = system.commands;
    this.#clock = system.clock;
    this.#links = new LinkReader(system.commands, system.files);
    this.#networkd = new Networkd(system.dbus, system.units);
  }

  /** @throws ApplianceError `unavailable`, `engine-failed` naming the interfaces that did not come to be, `cancelled`. */
  async apply(input: ApplyInput<NetworkSettings, NetworkFacts>, signal: AbortSignal): Promise<void> {
    const { settings, facts, changes } = input;
    const model = networkModel(settings, facts);
    await this.#networkd.ensureRunning();

    const deleted = new Set(
      changes
        .filter(({ kind, path }) => kind === 'delete' && path.endsWith('.netdev'))
        .map(({ path }) => interfaceOfFile(path) ?? ''),
    );
    const present = await this.#links.read(signal);
    const stale = staleDevices(model, present, deleted);
    await this.#batch(
      stale.map((name) => `link delete dev ${name}`),
      signal,
    );
    await this.#networkd.reload();
    // A reload makes bonds again by itself, a VLAN only when its parent is configured anew.
    for (const index of orphanedParents(model, present, stale)) await this.#networkd.reconfigure(index);

    const { links } = await this.#settle(model, signal);
    const addresses = staleAddresses(model, links, changes);
    await this.#batch(
      [...liveChanges(model, links), ...addresses.map(({ link, address }) => `address delete ${address} dev ${link}`)],
      signal,
    );
  }

  async #settle(model: NetworkModel, signal: AbortSignal): Promise<Observation> {
    const end = this.#clock.monotonic() + limitMs;
    const toldAt = new Map<string, number>();
    let reloadedAt = this.#clock.monotonic();
    for (;;) {
      const [links, networkd] = await Promise.all([this.#links.read(signal), this.#networkd.links()]);
      const left = unsettled(model, { links, networkd });
      if (left.length === 0) return { links, networkd };
      const now = this.#clock.monotonic();
      if (now >= end) throw notSettled(left);
      for (const { name, index } of remedies(left)) {
        const told = toldAt.get(name) ?? reloadedAt;
        if (now - told < patienceMs) continue;
        toldAt.set(name, now);
        await this.#networkd.reconfigure(index);
      }
      if (left.some(({ remedy }) => remedy === undefined) && now - reloadedAt >= patienceMs) {
        reloadedAt = now;
        await this.#networkd.reload();
      }
      await this.#clock.sleep(lookEveryMs, signal);
    }
  }

  /** Several changes in one run of ip. What went by itself in the meantime, as a VLAN goes with its bond, is no failure. */
  async #batch(lines: readonly string[], signal: AbortSignal): Promise<void> {
    if (lines.length === 0) return;
    const result = await this.#commands.run(['ip', '-force', '-batch', '-'], {
      input: `${lines.join('\n')}\n`,
      signal,
    });
    const failures = result.stderr
      .split('\n')
      .filter(
        (line) =>
          /^(RTNETLINK answers|Error)/.test(line) &&
          !/No such device|Cannot assign requested address|Cannot find device/.test(line),
      );
    if (failures.length > 0)
      throw new ApplianceError('engine-failed', `The kernel refused a change: ${failures.join('; ')}`);
  }
}

/** Links that are to carry a VLAN which was just deleted. One that was deleted itself is new, and so configured anyway. */
function orphanedParents(
  model: NetworkModel,
  links: readonly LinkFact[],
  stale: readonly string[],
): ReadonlySet<number> {
  const index = new LinkIndex({ links, connections: [] });
  const parents = new Set<number>();
  for (const name of stale) {
    const vlan = model.interfaces.get(name)?.vlan;
    const parent = vlan === undefined ? undefined : model.interfaces.get(vlan.parent);
    const link = parent === undefined ? undefined : index.find(parent);
    if (link !== undefined && !stale.includes(link.name)) parents.add(link.index);
  }
  return parents;
}

function liveChanges(model: NetworkModel, links: readonly LinkFact[]): readonly string[] {
  return links.flatMap((link) => {
    const bond = model.interfaces.get(link.name)?.bond;
    return bond === undefined || link.kind !== 'bond' ? [] : (liveBondChange(bond, link, model) ?? []);
  });
}

function remedies(left: readonly Unsettled[]): Iterable<{ readonly name: string; readonly index: number }> {
  return new Map(left.flatMap(({ remedy }) => (remedy === undefined ? [] : [[remedy.name, remedy] as const]))).values();
}

function notSettled(left: readonly Unsettled[]): ApplianceError {
  const shown = left.slice(0, 5).map(({ interface: name, reason }) => `${name} ${reason}`);
  const more = left.length > shown.length ? ` and ${left.length - shown.length} more` : '';
  return new ApplianceError(
    'engine-failed',
    `systemd-networkd did not finish: ${shown.join(', ')}${more}. See "networkctl status".`,
  );
}
