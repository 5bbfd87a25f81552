import { parseAddress } from '../addresses/ip.js';
import type { UnitSection } from '../networkd/unit-file.js';
import type { NetworkModel } from '../settings/network-model.js';
import type { BondSettings } from './bond-schema.js';
import { fitsMode, type BondOption } from './bond-modes.js';
import { miiMonitorOf } from './monitors.js';

/** The .netdev file of a bond: everything the kernel is told when the bond is made. */
export function bondNetdev(name: string, bond: BondSettings, model: NetworkModel): readonly UnitSection[] {
  return [
    {
      name: 'NetDev',
      entries: [
        ['Name', name],
        ['Kind', 'bond'],
        ['MACAddress', bondHardwareAddress(bond, model) ?? 'none'],
      ],
    },
    { name: 'Bond', entries: bondEntries(bond) },
  ];
}

/**
 * The entered one, or the first member's where it is known: the address switches and hypervisors expect, instead of one that
 * networkd would make up.
 */
export function bondHardwareAddress(bond: BondSettings, model: NetworkModel): string | undefined {
  const [first] = bond.members;
  return bond.hardwareAddress ?? (first === undefined ? undefined : model.interfaces.get(first)?.hardwareAddress);
}

function bondEntries(bond: BondSettings): readonly (readonly [string, string])[] {
  const entries: [string, string][] = [['Mode', bond.mode]];
  const add = (option: BondOption, key: string, value: string | number | undefined) => {
    if (value !== undefined && fitsMode(option, bond.mode)) entries.push([key, String(value)]);
  };
  const milliseconds = (value: number | undefined) => (value === undefined ? undefined : `${value}ms`);
  const yesNo = (value: boolean | undefined) => (value === undefined ? undefined : value ? 'yes' : 'no');

  const mii = miiMonitorOf(bond);
  if (mii > 0) entries.push(['MIIMonitorSec', `${mii}ms`]);
  add('upDelayMs', 'UpDelaySec', milliseconds(bond.upDelayMs));
  add('downDelayMs', 'DownDelaySec', milliseconds(bond.downDelayMs));
  add('peerNotifyDelayMs', 'PeerNotifyDelaySec', milliseconds(bond.peerNotifyDelayMs));
  if (bond.arpMonitor !== undefined && fitsMode('arpMonitor', bond.mode)) {
    const { intervalMs, targets, validate, allTargets, missedMax } = bond.arpMonitor;
    const addresses = targets.map((target) => parseAddress(target)).filter((target) => target?.family === 4);
    entries.push(['ARPIntervalSec', `${intervalMs}ms`]);
    entries.push(['ARPIPTargets', addresses.map((target) => target?.text).join(' ')]);
    if (validate !== undefined) entries.push(['ARPValidate', validate]);
    if (allTargets !== undefined) entries.push(['ARPAllTargets', allTargets]);
    if (missedMax !== undefined) entries.push(['ARPMissedMax', String(missedMax)]);
  }
  add('lacpRate', 'LACPTransmitRate', bond.lacpRate);
  add('transmitHashPolicy', 'TransmitHashPolicy', bond.transmitHashPolicy);
  add('primaryReselect', 'PrimaryReselectPolicy', bond.primaryReselect);
  add('minLinks', 'MinLinks', bond.minLinks);
  add('failOverMac', 'FailOverMACPolicy', bond.failOverMac);
  add('adSelect', 'AdSelect', bond.adSelect);
  add('adActorSystemPriority', 'AdActorSystemPriority', bond.adActorSystemPriority);
  add('adActorSystem', 'AdActorSystem', bond.adActorSystem);
  add('adUserPortKey', 'AdUserPortKey', bond.adUserPortKey);
  add('packetsPerMember', 'PacketsPerSlave', bond.packetsPerMember);
  add('gratuitousArp', 'GratuitousARP', bond.gratuitousArp);
  add('allMembersActive', 'AllSlavesActive', yesNo(bond.allMembersActive));
  add('resendIgmp', 'ResendIGMP', bond.resendIgmp);
  add('learnPacketIntervalSec', 'LearnPacketIntervalSec', bond.learnPacketIntervalSec);
  add('dynamicTransmitLoadBalancing', 'DynamicTransmitLoadBalancing', yesNo(bond.dynamicTransmitLoadBalancing));
  return entries;
}
