import { networkSchema, type NetworkSettings } from '#network/settings/schema.js';
import type { AddressFact, LinkFact, NetworkFacts } from '#network/settings/facts.js';
import { verifyNetwork } from '#network/settings/verify.js';
import type { Caller } from '@gemel/core/sdk';

export function hardwareAddressOf(number: number): string {
  return `52:54:00:77:00:0${number}`;
}

/** A NIC as LinkReader gives it; tests say what is special about theirs. */
export function nic(name: string, number: number, special: Partial<LinkFact> = {}): LinkFact {
  return {
    name,
    index: number + 2,
    kind: 'physical',
    nic: true,
    hardwareAddress: hardwareAddressOf(number),
    permanentAddress: hardwareAddressOf(number),
    mtu: 1500,
    maximumMtu: 9000,
    up: true,
    carrier: true,
    speed: 1000,
    master: undefined,
    parent: undefined,
    vlanId: undefined,
    group: 0,
    addresses: [],
    member: undefined,
    options: {},
    ...special,
  };
}

export function address(text: string, special: Partial<AddressFact> = {}): AddressFact {
  const [host = '', prefix = ''] = text.split('/');
  const family = host.includes(':') ? 6 : 4;
  return {
    address: host,
    prefix: Number(prefix),
    family,
    dynamic: false,
    tentative: false,
    dadFailed: false,
    ...special,
  };
}

/** Four NICs e0 to e3, the way most tests find the machine. */
export const fourNics: NetworkFacts = {
  links: [0, 1, 2, 3].map((number) => nic(`e${number}`, number)),
  connections: [],
};

export function advanced(parts: Record<string, unknown> = {}): NetworkSettings {
  return networkSchema.parse({
    mode: 'advanced',
    simple: { ipv4: { method: 'dhcp' }, ipv6: { method: 'none' } },
    links: { e3: { ipv4: { method: 'static', addresses: ['192.0.2.1/24'] } } },
    ...parts,
  });
}

export function staticIpv4(...addresses: readonly string[]) {
  return { ipv4: { method: 'static', addresses } };
}

export const localRoot: Caller = { name: 'local:root', role: 'administrator', surface: 'cli', connectedAt: 0 };

/** A person at `localAddress` of the appliance, over the network. */
export function remoteOperator(localAddress: string): Caller {
  return { ...localRoot, name: 'user:jane', surface: 'http', remote: { address: '198.51.100.9', localAddress } };
}

/** `code path` of each report, sorted: what tests compare. */
export function verify(
  settings: NetworkSettings,
  around: {
    readonly confirmed?: NetworkSettings;
    readonly facts?: NetworkFacts;
    readonly caller?: Caller | undefined;
  } = {},
): readonly string[] {
  const { confirmed = advanced(), facts = fourNics } = around;
  const caller = 'caller' in around ? around.caller : localRoot;
  return verifyNetwork({ settings, confirmed, facts, caller })
    .map(({ code, path }) => `${code.replace('network.', '')} ${path.replace('network/', '')}`)
    .toSorted();
}
