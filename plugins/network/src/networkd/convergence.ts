import { formatInterfaceAddress } from '../addresses/ip.js';
import { recreatingDifferences, primaryDiffers } from '../bonds/kernel-bond.js';
import { LinkIndex } from '../links/link-index.js';
import { nameProblem } from '../links/interface-name.js';
import type { LinkFact } from '../settings/facts.js';
import { effectiveMtu, type ModelInterface, type NetworkModel } from '../settings/network-model.js';
import type { NetworkdLink } from '../system/networkd.js';
import { gemelLinkGroup, networkFile } from './names.js';

export interface Observation {
  readonly links: readonly LinkFact[];
  readonly networkd: readonly NetworkdLink[];
}

/** An interface that is not yet as it should be. */
export interface Unsettled {
  readonly interface: string;
  /** For people: `has no address 10.0.0.1/24`. */
  readonly reason: string;
  /** The link networkd should configure anew if this does not change by itself; undefined when the files must be read again. */
  readonly remedy: { readonly index: number; readonly name: string } | undefined;
}

/**
 * Bonds and VLANs in the kernel that must go before networkd reads its files: Gemel's own that the settings do not name, and
 * those whose kind or options differ, which networkd never changes on an existing device. VLANs come before what they are on.
 *
 * @param deleted names whose .netdev file was just removed; they may not carry the mark yet when an earlier apply broke off.
 */
export function staleDevices(
  model: NetworkModel,
  links: readonly LinkFact[],
  deleted: ReadonlySet<string>,
): readonly string[] {
  const stale = links.filter((link) => {
    if (link.kind !== 'bond' && link.kind !== 'vlan') return false;
    const subject = model.interfaces.get(link.name);
    if (subject?.bond !== undefined) {
      // networkd sets a primary through its member and never takes one back.
      const oldPrimary = subject.bond.primary === undefined && primaryDiffers(subject.bond, link);
      return link.kind !== 'bond' || oldPrimary || recreatingDifferences(subject.bond, link, model).length > 0;
    }
    if (subject?.vlan !== undefined) {
      return (
        link.kind !== 'vlan' || link.vlanId !== subject.vlan.id || !isParent(model, links, link, subject.vlan.parent)
      );
    }
    return link.group === gemelLinkGroup || deleted.has(link.name);
  });
  return stale
    .toSorted((one, other) => Number(one.kind === 'bond') - Number(other.kind === 'bond'))
    .map((link) => link.name);
}

function isParent(model: NetworkModel, links: readonly LinkFact[], link: LinkFact, parentName: string): boolean {
  if (link.parent === parentName) return true;
  const hardwareAddress = model.interfaces.get(parentName)?.hardwareAddress;
  if (hardwareAddress === undefined) return false;
  return links.some((each) => each.name === link.parent && each.permanentAddress === hardwareAddress);
}

/**
 * What is still missing before the kernel and networkd are as the settings say. Carriers, leases and duplicate address detection are not
 * waited for: they are the probe's to judge.
 */
export function unsettled(model: NetworkModel, { links, networkd }: Observation): readonly Unsettled[] {
  const index = new LinkIndex({ links, connections: [] });
  const managed = new Map(networkd.map((link) => [link.index, link]));
  const found: Unsettled[] = [];
  for (const subject of model.interfaces.values()) {
    if (nameProblem(subject.name) !== undefined) continue;
    const link = index.find(subject);
    if (link === undefined) {
      const missing = missingDevice(subject, model, index);
      if (missing !== undefined) found.push(missing);
      continue;
    }
    const reason = linkProblem(subject, model, link, managed.get(link.index));
    if (reason !== undefined)
      found.push({ interface: subject.name, reason, remedy: { index: link.index, name: link.name } });
    else if (subject.bond?.primary !== undefined && primaryDiffers(subject.bond, link)) {
      const primary = model.interfaces.get(subject.bond.primary);
      const member = primary === undefined ? undefined : index.find(primary);
      if (member?.master === link.name && member.name === subject.bond.primary) {
        found.push({
          interface: subject.name,
          reason: `does not prefer ${member.name}`,
          remedy: { index: member.index, name: member.name },
        });
      }
    }
  }
  return found;
}

/** A NIC that is not there is a warning of the probe's; so is all that stands on it. */
function missingDevice(subject: ModelInterface, model: NetworkModel, index: LinkIndex): Unsettled | undefined {
  if (subject.kind === 'link') return undefined;
  const missing = { interface: subject.name, reason: 'was not made' };
  if (subject.vlan === undefined) return { ...missing, remedy: undefined };
  const parent = model.interfaces.get(subject.vlan.parent);
  const carrier = parent === undefined ? undefined : index.find(parent);
  if (carrier === undefined) return parent?.kind === 'link' ? undefined : { ...missing, remedy: undefined };
  return { ...missing, remedy: { index: carrier.index, name: carrier.name } };
}

function linkProblem(
  subject: ModelInterface,
  model: NetworkModel,
  link: LinkFact,
  managed: NetworkdLink | undefined,
): string | undefined {
  if (managed === undefined) return 'is not known to systemd-networkd yet';
  if (managed.networkFile !== networkFile(subject.name)) return `is not configured by ${networkFile(subject.name)}`;
  if (managed.setupState !== 'configured' && managed.setupState !== 'configuring') return `is ${managed.setupState}`;
  const [bond] = subject.bonds;
  if (bond !== undefined) return link.master === bond ? undefined : `is no member of ${bond}`;
  if (!subject.enabled) return link.up ? 'is still up' : undefined;
  const mtu = effectiveMtu(model, subject.name);
  if (link.mtu !== mtu) return `has an MTU of ${link.mtu}, not ${mtu}`;
  if (link.master !== undefined) return `is still a member of ${link.master}`;
  const missing = missingAddress(subject, link);
  return missing === undefined ? undefined : `has no address ${missing}`;
}

/** A static address that the link does not have, in any state. */
export function missingAddress(subject: ModelInterface, link: LinkFact): string | undefined {
  const present = new Set(link.addresses.map((address) => `${address.address}/${address.prefix}`));
  for (const { parsed } of subject.addresses) {
    if (parsed !== undefined && !present.has(formatInterfaceAddress(parsed))) return formatInterfaceAddress(parsed);
  }
  return undefined;
}
