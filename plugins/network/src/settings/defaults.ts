import { type NetworkFacts, standardNic } from './facts.js';
import type { NetworkSettings } from './schema.js';

/** A device fresh from the factory: Simple Mode on its first wired NIC, addresses from whoever gives some. */
export function defaultSettings(facts: NetworkFacts): NetworkSettings {
  const nic = standardNic(facts);
  return {
    mode: 'simple',
    simple: {
      ...(nic === undefined ? {} : { interface: nic.name }),
      ...(nic?.permanentAddress === undefined ? {} : { hardwareAddress: nic.permanentAddress }),
      ipv4: { method: 'dhcp' },
      ipv6: { method: 'slaac' },
    },
    links: {},
    bonds: {},
    vlans: {},
    routes: [],
  };
}
