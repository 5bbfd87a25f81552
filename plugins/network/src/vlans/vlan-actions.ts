import { type AnyAction, defineAction } from '@gemel/core/sdk';
import { z } from 'zod';
import {
  type ActionSurroundings,
  editAdvanced,
  editedSchema,
  existing,
  presentEdited,
  requireFreeName,
  without,
} from '../actions/draft.js';
import { interfaceFields } from '../addresses/addressing-schema.js';
import { addressingInput, changeAddressing } from '../addresses/edit-addressing.js';
import { nameInput, withRecordedNics } from '../links/edit-links.js';
import { vlansSchema, vlansStatus } from '../state/status.js';

const id = z.int().min(1).max(4094).describe('VLAN id, 1 to 4094');
const common = { mtu: interfaceFields.mtu, enabled: interfaceFields.enabled, ...addressingInput };

export function vlanActions(
  around: ActionSurroundings,
  readVlans: (signal: AbortSignal) => Promise<z.infer<typeof vlansSchema>>,
): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'network.vlan.list',
      summary: 'List all VLANs with their state.',
      role: 'viewer',
      audited: false,
      input: z.object({}),
      output: vlansSchema,
      present: vlansStatus.present,
      run: async (_input, { signal }) => readVlans(signal),
    }),
    defineAction({
      kind: 'call',
      id: 'network.vlan.create',
      summary: 'Create a VLAN in the draft.',
      role: 'operator',
      input: z.object({
        parent: nameInput.describe('NIC or bond that carries the VLAN'),
        id,
        name: nameInput.optional().describe('Name of the VLAN. Default: parent.id, such as bond0.100'),
        ...common,
      }),
      output: editedSchema,
      positionals: ['parent', 'id'],
      present: presentEdited,
      run: async (input, call) => {
        const links = await around.links(call.signal);
        const name = input.name ?? `${input.parent}.${input.id}`;
        return editAdvanced(around, call, `VLAN ${name} is in the draft.`, (settings) => {
          requireFreeName(settings, links, name);
          const { parent, mtu, enabled } = input;
          const vlan = {
            parent,
            id: input.id,
            ...(mtu === undefined ? {} : { mtu }),
            ...(enabled === undefined ? {} : { enabled }),
            ...changeAddressing({}, input),
          };
          const next = { ...settings, vlans: { ...settings.vlans, [name]: vlan } };
          return Object.hasOwn(settings.bonds, parent) ? next : withRecordedNics(next, [parent], links);
        });
      },
    }),
    defineAction({
      kind: 'call',
      id: 'network.vlan.set',
      summary: 'Change a VLAN in the draft.',
      role: 'operator',
      input: z.object({
        name: nameInput.describe('Name of the VLAN'),
        parent: nameInput.optional().describe('NIC or bond that carries the VLAN'),
        id: id.optional(),
        ...common,
      }),
      output: editedSchema,
      positionals: ['name'],
      present: presentEdited,
      run: async (input, call) =>
        editAdvanced(around, call, `VLAN ${input.name} is changed in the draft.`, (settings) => {
          const before = existing(settings.vlans, 'VLAN', input.name);
          const { mtu, enabled } = input;
          const vlan = {
            ...before,
            parent: input.parent ?? before.parent,
            id: input.id ?? before.id,
            ...(mtu === undefined ? {} : { mtu }),
            ...(enabled === undefined ? {} : { enabled }),
            ...changeAddressing(before, input),
          };
          return { ...settings, vlans: { ...settings.vlans, [input.name]: vlan } };
        }),
    }),
    defineAction({
      kind: 'call',
      id: 'network.vlan.delete',
      summary: 'Delete a VLAN in the draft.',
      role: 'operator',
      input: z.object({ name: nameInput.describe('Name of the VLAN') }),
      output: editedSchema,
      positionals: ['name'],
      present: presentEdited,
      run: async ({ name }, call) =>
        editAdvanced(around, call, `VLAN ${name} is deleted in the draft.`, (settings) => {
          existing(settings.vlans, 'VLAN', name);
          const routes = settings.routes.filter((route) => route.interface !== name);
          return { ...settings, vlans: without(settings.vlans, name), routes };
        }),
    }),
  ];
}
