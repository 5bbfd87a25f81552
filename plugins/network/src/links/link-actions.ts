import { type AnyAction, ApplianceError, defineAction } from '@gemel/core/sdk';
import { z } from 'zod';
import { type ActionSurroundings, editAdvanced, editedSchema, presentEdited } from '../actions/draft.js';
import { interfaceFields } from '../addresses/addressing-schema.js';
import { addressingInput, changeAddressing } from '../addresses/edit-addressing.js';
import { linksSchema, linksStatus } from '../state/status.js';
import { nameInput, withRecordedNics } from './edit-links.js';
import { hardwareAddress } from './link-schema.js';

export function linkActions(
  around: ActionSurroundings,
  readLinks: (signal: AbortSignal) => Promise<z.infer<typeof linksSchema>>,
): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'network.link.list',
      summary: 'List all NICs with their state.',
      role: 'viewer',
      audited: false,
      input: z.object({}),
      output: linksSchema,
      present: linksStatus.present,
      run: async (_input, { signal }) => readLinks(signal),
    }),
    defineAction({
      kind: 'call',
      id: 'network.link.set',
      summary: 'Configure a NIC in the draft.',
      role: 'operator',
      input: z.object({
        name: nameInput.describe('Name of the NIC').meta({ examples: ['enp1s0'] }),
        hardwareAddress: hardwareAddress
          .optional()
          .describe('Permanent hardware address of the NIC; entered by itself when the NIC is there'),
        mtu: interfaceFields.mtu,
        enabled: interfaceFields.enabled,
        ...addressingInput,
      }),
      output: editedSchema,
      positionals: ['name'],
      present: presentEdited,
      run: async (input, call) => {
        const links = await around.links(call.signal);
        return editAdvanced(around, call, `${input.name} is changed in the draft.`, (settings) => {
          if (Object.hasOwn(settings.bonds, input.name))
            throw new ApplianceError('conflict', `${input.name} is a bond. Use: gemel network bond set ${input.name}`);
          if (Object.hasOwn(settings.vlans, input.name))
            throw new ApplianceError('conflict', `${input.name} is a VLAN. Use: gemel network vlan set ${input.name}`);
          const before = Object.hasOwn(settings.links, input.name) ? settings.links[input.name] : undefined;
          const { mtu, enabled } = input;
          const link = {
            ...before,
            ...(input.hardwareAddress === undefined ? {} : { hardwareAddress: input.hardwareAddress }),
            ...(mtu === undefined ? {} : { mtu }),
            ...(enabled === undefined ? {} : { enabled }),
            ...changeAddressing(before ?? {}, input),
          };
          return withRecordedNics(
            { ...settings, links: { ...settings.links, [input.name]: link } },
            [input.name],
            links,
          );
        });
      },
    }),
  ];
}
