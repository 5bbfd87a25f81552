import {
  type ApplyInput,
  asApplianceError,
  type Clock,
  type FileChange,
  type Report,
  type SystemAccess,
} from '@gemel/core/sdk';
import { plainAddress } from '../addresses/connection-fate.js';
import { parseAddress } from '../addresses/ip.js';
import type { FurtherProbe } from '../contract.js';
import { bondDifferences, hasLacpPartner } from '../bonds/kernel-bond.js';
import { LinkIndex } from '../links/link-index.js';
import { missingAddress } from '../networkd/convergence.js';
import { interfaceOfFile } from '../networkd/names.js';
import { parseUnitFile, unitValues } from '../networkd/unit-file.js';
import { networkReports } from '../reports.js';
import { LinkReader } from '../system/link-reader.js';
import { Neighbours, ownHardwareAddresses } from '../system/neighbours.js';
import { Networkd, type NetworkdLink } from '../system/networkd.js';
import type { LinkFact, NetworkFacts } from './facts.js';
import { type ModelInterface, type NetworkModel, networkModel } from './network-model.js';
import type { NetworkSettings } from './schema.js';

/**
 * Carriers, leases and duplicate address detection need seconds after an apply (see the figures in plan). Shorter warns of links that are only slow;
 * longer keeps the operator waiting before the window in which to confirm.
 */
const patienceMs = 8_000;
const lookEveryMs = 250;

/** Each check of an address takes 2 s and a process; a change of thousands is sampled. */
const mostAddressesChecked = 8;

const { report } = networkReports;

/** Looks at the result of an apply: first what the kernel and networkd say, then whether anybody answers. */
export class NetworkProbe {
  readonly #clock: Clock;
  readonly #links: LinkReader;
  readonly #networkd: Networkd;
  readonly #neighbours: Neighbours;
  readonly #further: Iterable<FurtherProbe>;

  constructor(system: SystemAccess, further: Iterable<FurtherProbe> = []) {
    this.#further = further;
    this.#clock = system.clock;
    this.#links = new LinkReader(system.commands, system.files);
    this.#networkd = new Networkd(system.dbus, system.units);
    this.#neighbours = new Neighbours(system.commands, system.clock);
  }

  async probe(input: ApplyInput<NetworkSettings, NetworkFacts>, signal: AbortSignal): Promise<readonly Report[]> {
    const model = networkModel(input.settings, input.facts);
    const { links, reports } = await this.#settled(model, signal);
    if (reports.some(({ severity }) => severity === 'error')) return reports;
    const index = new LinkIndex({ links, connections: [] });
    const found = await Promise.all([
      this.#gateways(model, index, signal),
      this.#usurpers(model, links, index, input.changes, signal),
      ...[...this.#further].map((probe) => this.#attempt(probe.what, () => probe.look(signal))),
    ]);
    return [...reports, ...found.flat(), ...goneConnections(input.facts, links)];
  }

  /** Looks until nothing is wrong or patience ends; the last look counts. */
  async #settled(
    model: NetworkModel,
    signal: AbortSignal,
  ): Promise<{ links: readonly LinkFact[]; reports: readonly Report[] }> {
    const end = this.#clock.monotonic() + patienceMs;
    for (;;) {
      const [links, networkd] = await Promise.all([this.#links.read(signal), this.#networkd.links()]);
      const { reports, mayImprove } = inspect(model, links, networkd);
      if (!mayImprove || this.#clock.monotonic() >= end) return { links, reports };
      await this.#clock.sleep(lookEveryMs, signal);
    }
  }

  async #gateways(model: NetworkModel, index: LinkIndex, signal: AbortSignal): Promise<readonly Report[]> {
    const asked = [...model.interfaces.values()].flatMap((subject) => {
      const link = index.find(subject);
      return link?.carrier === true ? subject.gateways.map((gateway) => ({ subject, link, gateway })) : [];
    });
    const answers = asked.map(async ({ subject, link, gateway }) => {
      const address = parseAddress(gateway.text)?.text ?? gateway.text;
      const params = { interface: subject.name, gateway: gateway.text };
      return this.#attempt(`The gateway ${gateway.text}`, async () =>
        (await this.#neighbours.answers(address, link.name, signal))
          ? []
          : [report('network.probe.gateway-silent', params, gateway.path)],
      );
    });
    return (await Promise.all(answers)).flat();
  }

  async #usurpers(
    model: NetworkModel,
    links: readonly LinkFact[],
    index: LinkIndex,
    changes: readonly FileChange[],
    signal: AbortSignal,
  ): Promise<readonly Report[]> {
    const own = ownHardwareAddresses(links);
    const added = newAddresses(changes);
    const asked = [...model.interfaces.values()].flatMap((subject) => {
      const link = index.find(subject);
      const addresses = subject.addresses.filter(
        ({ parsed }) => parsed?.family === 4 && added.has(`${parsed.text}/${parsed.prefix}`),
      );
      return link?.carrier === true ? addresses.map((address) => ({ subject, link, address })) : [];
    });
    const answers = asked.slice(0, mostAddressesChecked).map(({ subject, link, address }) =>
      this.#attempt(`Whether ${address.text} is free`, async () => {
        const text = address.parsed?.text ?? address.text;
        const hardwareAddress = await this.#neighbours.usurper(text, link.name, own, signal);
        if (hardwareAddress === undefined) return [];
        return [
          report(
            'network.probe.address-in-use',
            { interface: subject.name, address: text, hardwareAddress },
            address.path,
          ),
        ];
      }),
    );
    return (await Promise.all(answers)).flat();
  }

  /** A check that cannot run is told, and no reason to take the network back. */
  async #attempt(what: string, check: () => Promise<readonly Report[]>): Promise<readonly Report[]> {
    try {
      return await check();
    } catch (failure) {
      const error = asApplianceError(failure);
      if (error.code === 'cancelled') throw error;
      return [report('network.probe.unavailable', { what, reason: error.message })];
    }
  }
}

function newAddresses(changes: readonly FileChange[]): ReadonlySet<string> {
  const added = new Set<string>();
  for (const { path, before, after } of changes) {
    if (interfaceOfFile(path) === undefined || after === undefined) continue;
    const had = new Set(before === undefined ? [] : unitValues(parseUnitFile(before), 'Network', 'Address'));
    for (const address of unitValues(parseUnitFile(after), 'Network', 'Address'))
      if (!had.has(address)) added.add(address);
  }
  return added;
}

/** Pure: what a look at kernel and networkd says about the settings. */
export function inspect(
  model: NetworkModel,
  links: readonly LinkFact[],
  networkd: readonly NetworkdLink[],
): { readonly reports: readonly Report[]; readonly mayImprove: boolean } {
  const index = new LinkIndex({ links, connections: [] });
  const states = new Map(networkd.map((link) => [link.index, link.setupState]));
  const reports: Report[] = [];
  let mayImprove = false;
  for (const subject of model.interfaces.values()) {
    const link = index.find(subject);
    const own =
      link === undefined
        ? absent(subject, model, index)
        : inspectLink(subject, model, link, states.get(link.index) ?? 'unknown');
    // Another owner of the address does not go away by waiting.
    mayImprove ||= own.some(
      ({ code }) => code !== 'network.probe.address-duplicate' && code !== 'network.probe.link-absent',
    );
    if (
      link !== undefined &&
      link.addresses.some(({ tentative, dadFailed }) => tentative && !dadFailed) &&
      link.carrier
    )
      mayImprove = true;
    reports.push(...own);
  }
  return { reports, mayImprove };
}

function absent(subject: ModelInterface, model: NetworkModel, index: LinkIndex): readonly Report[] {
  const parent = subject.vlan === undefined ? undefined : model.interfaces.get(subject.vlan.parent);
  const isExcused = subject.kind === 'link' || (parent?.kind === 'link' && index.find(parent) === undefined);
  return isExcused
    ? [report('network.probe.link-absent', { interface: subject.name }, subject.path)]
    : [
        report(
          'network.probe.not-configured',
          { interface: subject.name, state: 'nothing: it does not exist' },
          subject.path,
        ),
      ];
}

function inspectLink(subject: ModelInterface, model: NetworkModel, link: LinkFact, state: string): readonly Report[] {
  const { name, path } = subject;
  if (!subject.enabled) return [];
  // Without carrier, and until a lease comes, networkd goes on configuring: see below for both.
  if (state !== 'configured' && state !== 'configuring')
    return [report('network.probe.not-configured', { interface: name, state }, path)];
  const [bond] = subject.bonds;
  if (bond !== undefined && link.master !== bond)
    return [report('network.probe.member-not-joined', { member: name, bond }, path)];
  if (!link.carrier && (bond !== undefined || subject.kind !== 'vlan')) {
    const problems = missing(subject, link);
    return [...problems, report('network.probe.no-carrier', { interface: name }, path)];
  }
  if (bond !== undefined) return [];
  return [
    ...missing(subject, link),
    ...leases(subject, link),
    ...(subject.bond === undefined ? [] : bondReports(subject, model, link)),
  ];
}

function missing(subject: ModelInterface, link: LinkFact): readonly Report[] {
  const { name, path } = subject;
  const address = missingAddress(subject, link);
  const lost =
    address === undefined ? [] : [report('network.probe.address-missing', { interface: name, address }, path)];
  const refused = link.addresses
    .filter(({ dadFailed }) => dadFailed)
    .map((duplicate) =>
      report('network.probe.address-duplicate', { interface: name, address: duplicate.address }, path),
    );
  return [...lost, ...refused];
}

function leases(subject: ModelInterface, link: LinkFact): readonly Report[] {
  const wanted = [
    [4, subject.ipv4 === 'dhcp' ? 'DHCP' : undefined],
    [6, subject.ipv6 === 'dhcp' ? 'DHCPv6' : subject.ipv6 === 'slaac' ? 'router advertisements' : undefined],
  ] as const;
  return wanted.flatMap(([family, method]) => {
    const has = link.addresses.some((address) => address.family === family && !address.address.startsWith('fe80:'));
    return method === undefined || has
      ? []
      : [report('network.probe.no-lease', { interface: subject.name, method }, subject.path)];
  });
}

function bondReports(subject: ModelInterface, model: NetworkModel, link: LinkFact): readonly Report[] {
  const { bond, name, path } = subject;
  if (bond === undefined) return [];
  const differences = bondDifferences(bond, link, model).map(({ option, expected, found }) =>
    report('network.probe.bond-differs', { bond: name, option, expected, found }, `${path}/${option}`),
  );
  const noPartner = bond.mode === '802.3ad' && !hasLacpPartner(link);
  return noPartner ? [...differences, report('network.probe.no-lacp-partner', { bond: name }, path)] : differences;
}

function goneConnections({ connections }: NetworkFacts, links: readonly LinkFact[]): readonly Report[] {
  const present = new Set(links.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  return connections
    .map((connection) => ({
      ...connection,
      address: plainAddress(connection.localAddress),
      remote: plainAddress(connection.remoteAddress),
    }))
    .filter(({ address }) => !present.has(address))
    .map(({ service, remote, address }) => report('network.probe.connection-gone', { service, remote, address }));
}
