import type { BondSettings } from '#network/bonds/bond-schema.js';
import { networkSchema, type NetworkSettings } from '#network/settings/schema.js';

/** Every mode twice: as plain as possible, and with every option that fits it. Golden files and the lab use the same. */
export const bondCases: Readonly<Record<string, Omit<BondSettings, 'members'>>> = {
  'balance-rr': { mode: 'balance-rr' },
  'balance-rr-options': { mode: 'balance-rr', upDelayMs: 200, downDelayMs: 300, packetsPerMember: 4, resendIgmp: 3 },
  'active-backup': { mode: 'active-backup' },
  'active-backup-options': {
    mode: 'active-backup',
    miiMonitorMs: 50,
    upDelayMs: 200,
    downDelayMs: 100,
    primary: 'enp0s4',
    primaryReselect: 'failure',
    failOverMac: 'none',
    gratuitousArp: 3,
    peerNotifyDelayMs: 100,
    allMembersActive: true,
    resendIgmp: 2,
    hardwareAddress: '52:54:00:77:0a:0a',
    mtu: 1400,
  },
  'active-backup-arp': {
    mode: 'active-backup',
    arpMonitor: {
      intervalMs: 500,
      targets: ['10.77.0.1', '10.77.0.2'],
      validate: 'all',
      allTargets: 'all',
      missedMax: 4,
    },
    failOverMac: 'active',
  },
  'balance-xor': { mode: 'balance-xor' },
  'balance-xor-options': { mode: 'balance-xor', transmitHashPolicy: 'layer3+4', downDelayMs: 100 },
  'balance-xor-arp': { mode: 'balance-xor', arpMonitor: { intervalMs: 1000, targets: ['10.77.0.1'] } },
  broadcast: { mode: 'broadcast' },
  'broadcast-options': { mode: 'broadcast', upDelayMs: 100 },
  '802.3ad': { mode: '802.3ad' },
  '802.3ad-options': {
    mode: '802.3ad',
    lacpRate: 'fast',
    transmitHashPolicy: 'layer2+3',
    minLinks: 1,
    adSelect: 'bandwidth',
    adActorSystemPriority: 100,
    adActorSystem: '02:00:00:00:00:01',
    adUserPortKey: 7,
    allMembersActive: true,
  },
  'balance-tlb': { mode: 'balance-tlb' },
  'balance-tlb-options': {
    mode: 'balance-tlb',
    dynamicTransmitLoadBalancing: false,
    transmitHashPolicy: 'layer3+4',
    primary: 'enp0s4',
    primaryReselect: 'better',
    learnPacketIntervalSec: 5,
    resendIgmp: 0,
  },
  'balance-alb': { mode: 'balance-alb' },
  'balance-alb-options': {
    mode: 'balance-alb',
    primary: 'enp0s3',
    primaryReselect: 'always',
    learnPacketIntervalSec: 2,
    allMembersActive: true,
  },
};

/** A whole section with this one bond over two NICs whose hardware addresses are recorded. */
export function settingsWithBond(bond: Omit<BondSettings, 'members'>): NetworkSettings {
  return networkSchema.parse({
    mode: 'advanced',
    simple: { ipv4: { method: 'dhcp' }, ipv6: { method: 'slaac' } },
    links: { enp0s3: { hardwareAddress: '52:54:00:77:00:00' }, enp0s4: { hardwareAddress: '52:54:00:77:00:01' } },
    bonds: {
      bond0: {
        members: ['enp0s3', 'enp0s4'],
        ipv4: { method: 'static', addresses: ['10.77.0.11/24'], gateway: '10.77.0.1' },
        ...bond,
      },
    },
  });
}
