import { type EngineFile, lastValue } from './engine-file.js';

type Value = string | number | readonly string[];

/** networkd's key, the name that `ip -details -json` prints, the kernel's default. */
const options: readonly (readonly [key: string, name: string, usual: Value])[] = [
  ['Mode', 'mode', 'balance-rr'],
  ['MIIMonitorSec', 'miimon', 0],
  ['UpDelaySec', 'updelay', 0],
  ['DownDelaySec', 'downdelay', 0],
  ['PeerNotifyDelaySec', 'peer_notify_delay', 0],
  ['ARPIntervalSec', 'arp_interval', 0],
  ['ARPIPTargets', 'arp_ip_target', []],
  ['ARPValidate', 'arp_validate', 'none'],
  ['ARPAllTargets', 'arp_all_targets', 'any'],
  ['ARPMissedMax', 'arp_missed_max', 2],
  ['LACPTransmitRate', 'ad_lacp_rate', 'slow'],
  ['TransmitHashPolicy', 'xmit_hash_policy', 'layer2'],
  ['PrimaryReselectPolicy', 'primary_reselect', 'always'],
  ['MinLinks', 'min_links', 0],
  ['FailOverMACPolicy', 'fail_over_mac', 'none'],
  ['AdSelect', 'ad_select', 'stable'],
  ['AdActorSystemPriority', 'ad_actor_sys_prio', 65535],
  ['AdActorSystem', 'ad_actor_system', '00:00:00:00:00:00'],
  ['AdUserPortKey', 'ad_user_port_key', 0],
  ['PacketsPerSlave', 'packets_per_slave', 1],
  ['GratuitousARP', 'num_peer_notif', 1],
  ['AllSlavesActive', 'all_slaves_active', 0],
  ['ResendIGMP', 'resend_igmp', 1],
  ['LearnPacketIntervalSec', 'lp_interval', 1],
  ['DynamicTransmitLoadBalancing', 'tlb_dynamic_lb', 1],
];

/** What `ip` would print of a bond that networkd made from this .netdev file. */
export function bondOptions(netdev: EngineFile): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    options.map(([key, name, usual]) => [name, asPrinted(lastValue(netdev, `Bond.${key}`), usual)]),
  );
}

/** networkd's key for the option that `ip` calls so. */
export function bondKey(option: string): string | undefined {
  return options.find(([, name]) => name === option)?.[0];
}

function asPrinted(written: string | undefined, usual: Value): Value {
  if (written === undefined) return usual;
  if (typeof usual === 'string') return written;
  if (typeof usual !== 'number') return written.split(' ').filter((target) => target !== '');
  if (written === 'yes' || written === 'no') return written === 'yes' ? 1 : 0;
  // The only unit that Gemel writes.
  return Number(written.replace(/ms$/, ''));
}
