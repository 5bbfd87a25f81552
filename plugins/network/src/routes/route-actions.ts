import { type AnyAction, ApplianceError, defineAction } from '@gemel/core/sdk';
import { z } from 'zod';
import { type ActionSurroundings, editAdvanced, editedSchema, presentEdited } from '../actions/draft.js';
import { addressText } from '../addresses/addressing-schema.js';
import { formatInterfaceAddress, parseDestination } from '../addresses/ip.js';
import { nameInput } from '../links/edit-links.js';
import { routesSchema, routesStatus } from '../state/status.js';
import { routeSchema } from './route-schema.js';

/** One spelling for each destination, so that it is found again. @throws ApplianceError `invalid`. */
function canonicalDestination(text: string): string {
  if (text === 'default') return text;
  const parsed = parseDestination(text, 4);
  if (parsed === undefined)
    throw new ApplianceError('invalid', `${text} is no network. Write it as 192.168.0.0/16, or default.`);
  return formatInterfaceAddress(parsed);
}

const metric = z.int().min(0).max(4294967295).optional();

export function routeActions(
  around: ActionSurroundings,
  readRoutes: (signal: AbortSignal) => Promise<z.infer<typeof routesSchema>>,
): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'network.route.list',
      summary: 'List all routes of the kernel and of the settings.',
      role: 'viewer',
      audited: false,
      input: z.object({}),
      output: routesSchema,
      present: routesStatus.present,
      run: async (_input, { signal }) => readRoutes(signal),
    }),
    defineAction({
      kind: 'call',
      id: 'network.route.add',
      summary: 'Add a static route in the draft.',
      role: 'operator',
      input: z.object({
        destination: addressText
          .describe('Network with prefix length, or default')
          .meta({ examples: ['192.168.0.0/16'] }),
        gateway: addressText.optional().describe('Next hop'),
        interface: nameInput
          .optional()
          .describe('Outgoing interface. Default: the one whose network holds the gateway'),
        metric: metric.describe('The lowest is preferred'),
        onLink: z.boolean().optional().describe('The gateway is on the link although no address is in its network'),
        preferredSource: addressText.optional().describe('Own address that packets to the destination come from'),
      }),
      output: editedSchema,
      positionals: ['destination', 'gateway'],
      present: presentEdited,
      run: async (input, call) => {
        const destination = canonicalDestination(input.destination);
        const route = routeSchema.parse({ ...input, destination });
        return editAdvanced(around, call, `The route to ${destination} is in the draft.`, (settings) => ({
          ...settings,
          routes: [...settings.routes, route],
        }));
      },
    }),
    defineAction({
      kind: 'call',
      id: 'network.route.remove',
      summary: 'Remove a static route in the draft.',
      role: 'operator',
      input: z.object({
        destination: addressText.describe('Network with prefix length, or default'),
        gateway: addressText.optional().describe('Next hop, where several routes have this destination'),
        metric: metric.describe('Metric, where several routes have this destination'),
      }),
      output: editedSchema,
      positionals: ['destination', 'gateway'],
      present: presentEdited,
      run: async (input, call) => {
        const destination = canonicalDestination(input.destination);
        return editAdvanced(around, call, `The route to ${destination} is removed in the draft.`, (settings) => {
          const fits = settings.routes.filter(
            (route) =>
              (route.destination === destination || route.destination === input.destination) &&
              (input.gateway === undefined || route.gateway === input.gateway) &&
              (input.metric === undefined || route.metric === input.metric),
          );
          if (fits.length === 0)
            throw new ApplianceError(
              'not-found',
              `The settings have no such route to ${destination}. See: gemel network route list`,
            );
          if (fits.length > 1)
            throw new ApplianceError(
              'conflict',
              `The settings have ${fits.length} routes to ${destination}. Say which by gateway or metric.`,
            );
          return { ...settings, routes: settings.routes.filter((route) => !fits.includes(route)) };
        });
      },
    }),
  ];
}
