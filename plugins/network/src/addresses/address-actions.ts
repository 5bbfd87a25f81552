import { type AnyAction, ApplianceError, defineAction } from '@gemel/core/sdk';
import { z } from 'zod';
import { type ActionSurroundings, edit, editedSchema, presentEdited } from '../actions/draft.js';
import { nameInput } from '../links/edit-links.js';
import type { NetworkSettings } from '../settings/schema.js';
import { type Addressing, canonicalAddress } from './edit-addressing.js';
import { addressText } from './addressing-schema.js';
import { parseInterfaceAddress } from './ip.js';

/** Changes the addressing of a NIC, bond or VLAN. @throws ApplianceError `not-found`. */
function changeInterface(
  settings: NetworkSettings,
  name: string,
  change: (addressing: Addressing) => Addressing,
): NetworkSettings {
  if (settings.mode === 'simple')
    throw new ApplianceError(
      'conflict',
      'In Simple Mode the one address is set with: gemel network simple set --address …',
    );
  if (Object.hasOwn(settings.bonds, name)) {
    const bond = settings.bonds[name];
    if (bond !== undefined) return { ...settings, bonds: { ...settings.bonds, [name]: { ...bond, ...change(bond) } } };
  }
  if (Object.hasOwn(settings.vlans, name)) {
    const vlan = settings.vlans[name];
    if (vlan !== undefined) return { ...settings, vlans: { ...settings.vlans, [name]: { ...vlan, ...change(vlan) } } };
  }
  const link = Object.hasOwn(settings.links, name) ? settings.links[name] : undefined;
  if (link === undefined)
    throw new ApplianceError(
      'not-found',
      `${name} is not configured. Configure a NIC with: gemel network link set ${name} --address …`,
    );
  return { ...settings, links: { ...settings.links, [name]: { ...link, ...change(link) } } };
}

function withAddress(before: Addressing, address: string): Addressing {
  const add = (addresses: readonly string[] | undefined) => [...(addresses ?? []), address];
  if (address.includes(':')) {
    const { ipv6 } = before;
    return {
      ipv6:
        ipv6?.method === 'static'
          ? { ...ipv6, addresses: add(ipv6.addresses) }
          : { method: 'static', addresses: [address] },
    };
  }
  const { ipv4 } = before;
  return {
    ipv4:
      ipv4?.method === 'static'
        ? { ...ipv4, addresses: add(ipv4.addresses) }
        : { method: 'static', addresses: [address] },
  };
}

/** The method stays static, and the gateway stays: who changes an address removes the old one and adds the new. With nothing left to keep it is none. */
function withoutAddress(before: Addressing, address: string, name: string): Addressing {
  const wanted = parseInterfaceAddress(address);
  const isIt = (text: string) => {
    const parsed = parseInterfaceAddress(text);
    return parsed !== undefined && parsed.text === wanted?.text && parsed.prefix === wanted.prefix;
  };
  const settings = address.includes(':') ? before.ipv6 : before.ipv4;
  const rest = settings?.addresses?.filter((text) => !isIt(text));
  if (settings === undefined || rest === undefined || rest.length === settings.addresses?.length) {
    throw new ApplianceError(
      'not-found',
      `${name} has no address ${address} in the settings. It has: ${settings?.addresses?.join(', ') || 'none'}.`,
    );
  }
  const isLast = rest.length === 0 && settings.gateway === undefined && settings.metric === undefined;
  if (isLast) return address.includes(':') ? { ipv6: { method: 'none' } } : { ipv4: { method: 'none' } };
  return address.includes(':')
    ? { ipv6: { ...(before.ipv6 ?? { method: 'static' }), addresses: rest } }
    : { ipv4: { ...(before.ipv4 ?? { method: 'static' }), addresses: rest } };
}

const input = z.object({
  interface: nameInput.describe('NIC, bond or VLAN'),
  address: addressText.describe('Address with prefix length or netmask').meta({ examples: ['10.77.0.11/24'] }),
});

export function addressActions(around: ActionSurroundings): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'network.address.add',
      summary: 'Give an interface one more address in the draft.',
      role: 'operator',
      input,
      output: editedSchema,
      positionals: ['interface', 'address'],
      present: presentEdited,
      run: async ({ interface: name, address }, call) => {
        const canonical = canonicalAddress(address);
        return edit(around, call, `${name} has ${canonical} in the draft.`, (settings) =>
          changeInterface(settings, name, (before) => withAddress(before, canonical)),
        );
      },
    }),
    defineAction({
      kind: 'call',
      id: 'network.address.remove',
      summary: 'Take an address from an interface in the draft.',
      role: 'operator',
      input,
      output: editedSchema,
      positionals: ['interface', 'address'],
      present: presentEdited,
      run: async ({ interface: name, address }, call) => {
        const canonical = canonicalAddress(address);
        return edit(around, call, `${name} loses ${canonical} in the draft.`, (settings) =>
          changeInterface(settings, name, (before) => withoutAddress(before, canonical, name)),
        );
      },
    }),
  ];
}
