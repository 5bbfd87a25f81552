import { parseAddress } from '../addresses/ip.js';
import type { LinkFact } from '../settings/facts.js';
import type { NetworkModel } from '../settings/network-model.js';
import { type BondOption, fitsMode } from './bond-modes.js';
import type { BondSettings } from './bond-schema.js';
import { miiMonitorOf } from './monitors.js';
import { bondHardwareAddress } from './render-bond.js';

/** An option of a bond as `ip -details -json link` prints it, with the value the settings ask for. */
interface KernelOption {
  readonly option: BondOption;
  readonly key: string;
  /** Kernel default where the settings say nothing, so that taking an option back is seen too. */
  readonly expected: string | number;
}

export interface BondDifference {
  readonly option: string;
  readonly expected: string;
  readonly found: string;
}

/** Differences for which the bond must be made anew: networkd never changes an existing one. */
export function recreatingDifferences(
  bond: BondSettings,
  link: LinkFact,
  model: NetworkModel,
): readonly BondDifference[] {
  return bondDifferences(bond, link, model).filter(({ option }) => option !== 'learnPacketIntervalSec');
}

/**
 * networkd 257 accepts LearnPacketIntervalSec= and does not pass it on (the kernel keeps 1), so it is told to the kernel directly,
 * which takes it at any time.
 * @returns arguments for ip, or undefined when nothing is to be told.
 */
export function liveBondChange(bond: BondSettings, link: LinkFact, model: NetworkModel): string | undefined {
  const difference = bondDifferences(bond, link, model).find(({ option }) => option === 'learnPacketIntervalSec');
  return difference === undefined
    ? undefined
    : `link set dev ${link.name} type bond lp_interval ${difference.expected}`;
}

/** What of the settings an existing bond does not have. */
export function bondDifferences(bond: BondSettings, link: LinkFact, model: NetworkModel): readonly BondDifference[] {
  const differences: BondDifference[] = [];
  const compare = (option: string, expected: string, found: string) => {
    if (expected !== found) differences.push({ option, expected, found });
  };
  compare('mode', bond.mode, String(link.options['mode']));
  if (differences.length > 0) return differences;
  for (const { option, key, expected } of kernelOptions(bond)) {
    if (!fitsMode(option, bond.mode)) continue;
    const found = link.options[key] ?? (typeof expected === 'number' ? 0 : 'none');
    compare(option, String(expected), plainText(found));
  }
  if (fitsMode('arpMonitor', bond.mode))
    compare('arpMonitor/targets', expectedTargets(bond), foundTargets(link.options['arp_ip_target']));
  const address = bondHardwareAddress(bond, model);
  const moves = bond.failOverMac === 'active' || bond.failOverMac === 'follow';
  if (address !== undefined && !moves) compare('hardwareAddress', address, link.hardwareAddress);
  return differences;
}

/** The primary is set by its member, not by making the bond: it is compared apart. */
export function primaryDiffers(bond: BondSettings, link: LinkFact): boolean {
  return fitsMode('primary', bond.mode) && (link.options['primary'] ?? undefined) !== bond.primary;
}

function kernelOptions(bond: BondSettings): readonly KernelOption[] {
  const mii = miiMonitorOf(bond);
  const arp = bond.arpMonitor;
  const flag = (value: boolean | undefined, usual: boolean) => ((value ?? usual) ? 1 : 0);
  return [
    { option: 'miiMonitorMs', key: 'miimon', expected: mii },
    { option: 'upDelayMs', key: 'updelay', expected: roundedDown(bond.upDelayMs, mii) },
    { option: 'downDelayMs', key: 'downdelay', expected: roundedDown(bond.downDelayMs, mii) },
    { option: 'peerNotifyDelayMs', key: 'peer_notify_delay', expected: roundedDown(bond.peerNotifyDelayMs, mii) },
    { option: 'arpMonitor', key: 'arp_interval', expected: arp?.intervalMs ?? 0 },
    { option: 'arpMonitor', key: 'arp_validate', expected: arp?.validate ?? 'none' },
    { option: 'arpMonitor', key: 'arp_all_targets', expected: arp?.allTargets ?? 'any' },
    { option: 'arpMonitor', key: 'arp_missed_max', expected: arp?.missedMax ?? 2 },
    { option: 'lacpRate', key: 'ad_lacp_rate', expected: bond.lacpRate ?? 'slow' },
    { option: 'transmitHashPolicy', key: 'xmit_hash_policy', expected: bond.transmitHashPolicy ?? 'layer2' },
    { option: 'primaryReselect', key: 'primary_reselect', expected: bond.primaryReselect ?? 'always' },
    { option: 'minLinks', key: 'min_links', expected: bond.minLinks ?? 0 },
    { option: 'failOverMac', key: 'fail_over_mac', expected: bond.failOverMac ?? 'none' },
    { option: 'adSelect', key: 'ad_select', expected: bond.adSelect ?? 'stable' },
    { option: 'adActorSystemPriority', key: 'ad_actor_sys_prio', expected: bond.adActorSystemPriority ?? 65535 },
    { option: 'adUserPortKey', key: 'ad_user_port_key', expected: bond.adUserPortKey ?? 0 },
    { option: 'adActorSystem', key: 'ad_actor_system', expected: bond.adActorSystem ?? '00:00:00:00:00:00' },
    { option: 'packetsPerMember', key: 'packets_per_slave', expected: bond.packetsPerMember ?? 1 },
    { option: 'gratuitousArp', key: 'num_peer_notif', expected: bond.gratuitousArp ?? 1 },
    { option: 'allMembersActive', key: 'all_slaves_active', expected: flag(bond.allMembersActive, false) },
    { option: 'resendIgmp', key: 'resend_igmp', expected: bond.resendIgmp ?? 1 },
    { option: 'learnPacketIntervalSec', key: 'lp_interval', expected: bond.learnPacketIntervalSec ?? 1 },
    {
      option: 'dynamicTransmitLoadBalancing',
      key: 'tlb_dynamic_lb',
      expected: flag(bond.dynamicTransmitLoadBalancing, true),
    },
  ];
}

/** Flags are printed as numbers or as true and false, by version. */
function plainText(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);
}

function roundedDown(value: number | undefined, interval: number): number {
  return value === undefined || interval === 0 ? 0 : value - (value % interval);
}

function expectedTargets(bond: BondSettings): string {
  const targets = bond.arpMonitor?.targets.map((target) => parseAddress(target)?.text ?? target) ?? [];
  return targets.toSorted().join(' ');
}

function foundTargets(targets: unknown): string {
  return Array.isArray(targets) ? targets.map(String).toSorted().join(' ') : '';
}

/** The driver shows an empty partner address until one was heard. */
export function hasLacpPartner(link: LinkFact): boolean {
  const info = link.options['ad_info'];
  const partner = typeof info === 'object' && info !== null && 'partner_mac' in info ? String(info.partner_mac) : '';
  return /[1-9a-f]/i.test(partner);
}
