import { type AnyAction, ApplianceError, defineAction } from '@gemel/core/sdk';
import { z } from 'zod';
import { type ActionSurroundings, edit, editedSchema, presentEdited } from '../actions/draft.js';
import type { SimpleIpv4Settings, SimpleIpv6Settings } from '../addresses/addressing-schema.js';
import { addressText } from '../addresses/addressing-schema.js';
import { changeAddressing } from '../addresses/edit-addressing.js';
import { nameInput } from '../links/edit-links.js';
import type { LinkFact } from '../settings/facts.js';
import { standardNic } from '../settings/facts.js';
import type { NetworkSettings, SimpleSettings } from '../settings/schema.js';
import type { LinkSettings } from '../links/link-schema.js';

/** The standard interface of Simple Mode becomes an ordinary NIC, so that nothing changes on the wire. */
export function toAdvanced(settings: NetworkSettings, links: readonly LinkFact[]): NetworkSettings {
  const { simple } = settings;
  const name = simple.interface ?? standardNic({ links, connections: [] })?.name;
  if (name === undefined) return { ...settings, mode: 'advanced' };
  const address = simple.hardwareAddress ?? links.find((link) => link.name === name)?.permanentAddress;
  const link: LinkSettings = {
    ...(address === undefined ? {} : { hardwareAddress: address }),
    ipv4: listedAddressing(simple.ipv4),
    ipv6: listedAddressing(simple.ipv6),
  };
  return { ...settings, mode: 'advanced', links: { ...settings.links, [name]: link } };
}

function listedAddressing<Simple extends SimpleIpv4Settings | SimpleIpv6Settings>({
  method,
  address,
  gateway,
}: Simple) {
  return {
    // The method's type is that of the family it came from.
    method: method as Simple['method'],
    ...(address === undefined ? {} : { addresses: [address] }),
    ...(gateway === undefined ? {} : { gateway }),
  };
}

/** Simple Mode keeps what it last had; everything of Advanced Mode goes. */
export function toSimple(settings: NetworkSettings): NetworkSettings {
  return { ...settings, mode: 'simple', links: {}, bonds: {}, vlans: {}, routes: [] };
}

const simpleInput = z.object({
  interface: nameInput.optional().describe('The standard interface'),
  ipv4: z
    .enum(['static', 'dhcp', 'none'])
    .optional()
    .describe('Where the IPv4 address comes from. Default: static when one is entered'),
  ipv6: z
    .enum(['static', 'slaac', 'dhcp', 'none'])
    .optional()
    .describe('Where the IPv6 address comes from. Default: static when one is entered'),
  address: z
    .array(addressText)
    .max(2)
    .optional()
    .describe('Address with prefix length or netmask: one of IPv4, one of IPv6'),
  gateway: z.array(addressText).max(2).optional().describe('Default gateway: one of IPv4, one of IPv6'),
});

function changeSimple(
  before: SimpleSettings,
  input: z.infer<typeof simpleInput>,
  links: readonly LinkFact[],
): SimpleSettings {
  const addressing = changeAddressing(
    { ipv4: listedAddressing(before.ipv4), ipv6: listedAddressing(before.ipv6) },
    input,
  );
  const single = (addresses: readonly string[] | undefined) => {
    if ((addresses?.length ?? 0) > 1)
      throw new ApplianceError(
        'invalid',
        'Simple Mode has one address of each kind. Enter one, or switch with "gemel network mode set advanced".',
      );
    return addresses?.[0] === undefined ? {} : { address: addresses[0] };
  };
  const flat4 = ({ addresses, metric: _, ...rest }: NonNullable<typeof addressing.ipv4>) => ({
    ...rest,
    ...single(addresses),
  });
  const flat6 = ({ addresses, metric: _, ...rest }: NonNullable<typeof addressing.ipv6>) => ({
    ...rest,
    ...single(addresses),
  });
  const { hardwareAddress, ...rest } = before;
  const isSame = input.interface === undefined || input.interface === before.interface;
  // Named, it is the NIC that has the name now: one that was exchanged is taken up so.
  const named = links.find((link) => link.nic && link.name === input.interface)?.permanentAddress;
  const recorded = named ?? (isSame ? hardwareAddress : undefined);
  return {
    ...rest,
    ...(input.interface === undefined ? {} : { interface: input.interface }),
    ...(recorded === undefined ? {} : { hardwareAddress: recorded }),
    ipv4: addressing.ipv4 === undefined ? before.ipv4 : flat4(addressing.ipv4),
    ipv6: addressing.ipv6 === undefined ? before.ipv6 : flat6(addressing.ipv6),
  };
}

export function modeActions(around: ActionSurroundings): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'network.mode.set',
      summary: 'Switch between Simple Mode and Advanced Mode in the draft.',
      role: 'operator',
      confirmation:
        'Switch the network settings to {mode} mode? Advanced takes over the simple configuration; simple drops all bonds, VLANs and routes.',
      input: z.object({
        mode: z
          .enum(['simple', 'advanced'])
          .describe('Simple: one standard interface. Advanced: every NIC, bonds, VLANs and routes'),
      }),
      output: editedSchema,
      positionals: ['mode'],
      present: presentEdited,
      run: async ({ mode }, call) => {
        const links = await around.links(call.signal);
        return edit(around, call, `The draft is in ${mode === 'simple' ? 'Simple' : 'Advanced'} Mode.`, (settings) => {
          if (settings.mode === mode) return settings;
          return mode === 'advanced' ? toAdvanced(settings, links) : toSimple(settings);
        });
      },
    }),
    defineAction({
      kind: 'call',
      id: 'network.simple.set',
      summary: 'Change the standard interface of Simple Mode in the draft.',
      role: 'operator',
      input: simpleInput,
      output: editedSchema,
      present: presentEdited,
      run: async (input, call) => {
        const links = await around.links(call.signal);
        return edit(around, call, 'The standard interface is changed in the draft.', (settings) => {
          if (settings.mode === 'advanced') {
            throw new ApplianceError(
              'conflict',
              'The appliance is in Advanced Mode. Use "gemel network link set", or go back with "gemel network mode set simple".',
            );
          }
          return { ...settings, simple: changeSimple(settings.simple, input, links) };
        });
      },
    }),
  ];
}
