import { type AnyAction, defineAction } from '@gemel/core/sdk';
import { z } from 'zod';
import type { ActionSurroundings } from './actions/draft.js';
import { addressActions } from './addresses/address-actions.js';
import { bondActions } from './bonds/bond-actions.js';
import { type CheckParts, checkActions } from './checks/check-actions.js';
import { linkActions } from './links/link-actions.js';
import { modeActions } from './modes/mode-actions.js';
import { routeActions } from './routes/route-actions.js';
import {
  bondsSchema,
  bondsStatus,
  linksSchema,
  linksStatus,
  routesSchema,
  routesStatus,
  vlansSchema,
  vlansStatus,
} from './state/status.js';
import type { StatusValues } from './state/status-values.js';
import { vlanActions } from './vlans/vlan-actions.js';

const showSchema = z.object({
  mode: z.enum(['simple', 'advanced']).describe('The mode in force'),
  links: linksSchema.unwrap().shape.links,
  bonds: bondsSchema.unwrap().shape.bonds,
  vlans: vlansSchema.unwrap().shape.vlans,
  routes: routesSchema.unwrap().shape.routes,
});

/** Everything an operator can do with the network beside the settings' own verbs. Edits go to the draft; the operator activates. */
export function networkActions(
  around: ActionSurroundings,
  checks: CheckParts,
  mode: () => 'simple' | 'advanced',
  read: (signal: AbortSignal) => Promise<StatusValues>,
): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'network.show',
      summary: 'Show NICs, bonds, VLANs and routes.',
      role: 'viewer',
      audited: false,
      input: z.object({}),
      output: showSchema,
      present: (output) => ({
        kind: 'group',
        views: [
          { kind: 'fields', fields: [['Mode', output.mode === 'simple' ? 'Simple Mode' : 'Advanced Mode']] },
          linksStatus.present(output),
          ...(output.mode === 'simple' && output.bonds.length === 0 ? [] : [bondsStatus.present(output)]),
          ...(output.vlans.length === 0 ? [] : [vlansStatus.present(output)]),
          routesStatus.present(output),
        ],
      }),
      run: async (_input, { signal }) => {
        const { links, bonds, vlans, routes } = await read(signal);
        return { mode: mode(), ...links, ...bonds, ...vlans, ...routes };
      },
    }),
    ...modeActions(around),
    ...linkActions(around, async (signal) => (await read(signal)).links),
    ...bondActions(around, async (signal) => (await read(signal)).bonds),
    ...vlanActions(around, async (signal) => (await read(signal)).vlans),
    ...routeActions(around, async (signal) => (await read(signal)).routes),
    ...addressActions(around),
    ...checkActions(checks),
  ];
}
