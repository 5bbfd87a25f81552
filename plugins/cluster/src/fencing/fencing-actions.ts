import { type AnyAction, ApplianceError, defineAction, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { changeConfiguration } from '../formation/configuration-change.js';
import type { FormationParts } from '../formation/parts.js';
import type { ClusterOptions, FencingDevice, Membership } from '../membership/membership.js';
import { renderFencing } from './fencing-resource.js';
import { withFencingTests } from './fencing-tests.js';
import { isFencingUsed } from './fencing-used.js';

const shown = z.object({
  enabled: z.boolean().describe('Both nodes have a management controller, and Pacemaker was told to use them.'),
  devices: z
    .array(
      z.object({
        node: z.string().describe('That it switches off.'),
        address: z.string().describe('Of the management controller.'),
        user: z.string().describe('Of the management controller.'),
        testedAt: z.number().nullable().describe('When it was last seen to work; wall clock, milliseconds since 1970.'),
      }),
    )
    .describe('Management controllers.'),
});

/** `gemel cluster fencing …`: a node that is not heard of any more is switched off before its services are started elsewhere. */
export function fencingActions(parts: FormationParts): readonly AnyAction[] {
  const { context, membership, engines } = parts;
  const show = () => shownOf(membership.current.options?.fencing ?? []);
  return [
    defineAction({
      kind: 'call',
      id: 'cluster.fencing.show',
      summary: 'Show the management controllers by which the nodes switch each other off.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: shown,
      present,
      run: async () => show(),
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.fencing.set',
      summary: "Enter a node's management controller. Fencing is in use once both nodes have one.",
      role: 'administrator',
      timeoutMs: 120_000,
      input: z.strictObject({
        node: z.string().min(1).max(64).describe('Host name of the node that it switches off.'),
        address: z.string().min(1).max(64).describe('Of the management controller.'),
        user: z.string().min(1).max(64).describe('Of the management controller.'),
        password: z.string().min(1).max(128).describe('Of that user.').meta({ secret: true }),
        lanplus: z.boolean().default(true).describe('IPMI 2.0.'),
        cipher: z.int().min(0).max(17).default(3).describe('Cipher suite of IPMI 2.0.'),
      }),
      output: shown,
      positionals: ['node'],
      present,
      async run({ password, ...device }) {
        mustHave(parts, device.node);
        const entry: FencingDevice = { ...device, testedAt: null };
        const enter = (current: Membership): Membership => {
          const options = mustHave(parts, device.node);
          const fencing = [...options.fencing.filter(({ node }) => node !== device.node), entry];
          return { ...current, options: { ...options, fencing } };
        };
        await changeConfiguration(parts, enter, { controller: renderFencing(entry, password) });
        return show();
      },
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.fencing.remove',
      summary: "Forget a node's management controller.",
      role: 'administrator',
      timeoutMs: 120_000,
      input: z.strictObject({
        node: z.string().min(1).max(64).describe('Host name of the node that it switches off.'),
      }),
      output: shown,
      positionals: ['node'],
      confirmation: 'Forget the management controller of {node}? Fencing is not used any more then.',
      present,
      async run({ node }) {
        const options = mustHave(parts, node);
        if (!options.fencing.some((each) => each.node === node)) {
          throw new ApplianceError(
            'not-found',
            `No management controller of ${node} is entered. See: gemel cluster fencing show.`,
          );
        }
        await changeConfiguration(parts, (current) => {
          const present = mustHave(parts, node);
          const fencing = present.fencing.filter((each) => each.node !== node);
          return { ...current, options: { ...present, fencing } };
        });
        return show();
      },
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.fencing.test',
      summary: 'Restart a node by its management controller, to see that fencing works.',
      role: 'administrator',
      timeoutMs: 180_000,
      input: z.strictObject({ node: z.string().min(1).max(64).describe('Host name of the node that is restarted.') }),
      output: shown,
      positionals: ['node'],
      confirmation:
        'Switch {node} off and on by its management controller now? What it carries moves to the other node.',
      present,
      async run({ node }) {
        const options = mustHave(parts, node);
        if (node === membership.current.thisNode) {
          throw new ApplianceError('invalid', 'A node is restarted from the other one. Do so there.');
        }
        await engines.fence(node);
        const at = context.system.clock.now();
        const tests = options.fencing
          .filter((each) => each.node === node)
          .map(({ address }) => ({ node, address, at }));
        // The other node is starting, and asks for it when it is back.
        await membership.update((current) => withFencingTests(current, tests));
        return show();
      },
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.fencing.confirm',
      summary:
        'Say that a lost node is off when its management controller does not answer either: its services start on this one then.',
      role: 'administrator',
      timeoutMs: 60_000,
      input: z.strictObject({ node: z.string().min(1).max(64).describe('Host name of the node that is off.') }),
      output: z.object({ node: z.string().describe('Host name of the node that counts as off.') }),
      positionals: ['node'],
      confirmation:
        'Is {node} without power, and did you see that yourself? If it still runs, both nodes write and data are lost.',
      present: ({ node }): View => ({ kind: 'text', text: `${node} counts as off.`, tone: 'ok' }),
      async run({ node }) {
        mustHave(parts, node);
        if (node === membership.current.thisNode) throw new ApplianceError('invalid', 'This node is not off.');
        if (await engines.isOnline(node)) {
          throw new ApplianceError('conflict', `${node} is in the cluster and answers. See: gemel cluster status`);
        }
        await engines.confirmOff(node);
        return { node };
      },
    }),
  ];
}

function mustHave({ membership }: FormationParts, node: string): ClusterOptions {
  const { options, nodes } = membership.must('connected', 'Fencing needs a connected cluster.');
  if (options !== null && nodes.some(({ hostName }) => hostName === node)) return options;
  const names = nodes.map(({ hostName }) => hostName).join(' and ');
  throw new ApplianceError('not-found', `${node} is no node of this cluster. Its nodes are ${names}.`);
}

function shownOf(devices: readonly FencingDevice[]): z.output<typeof shown> {
  return {
    enabled: isFencingUsed({ fencing: [...devices] }),
    devices: devices.map(({ node, address, user, testedAt }) => ({ node, address, user, testedAt })),
  };
}

function present({ enabled, devices }: z.output<typeof shown>): View {
  const text = enabled
    ? 'Fencing is in use.'
    : 'Fencing is not in use: enter the management controllers of both nodes.';
  return {
    kind: 'group',
    views: [
      { kind: 'text', text, tone: enabled ? 'ok' : 'warn' },
      {
        kind: 'table',
        columns: ['Node', 'Management controller', 'User', 'Last test'],
        rows: devices.map(({ node, address, user, testedAt }) => [
          node,
          address,
          user,
          testedAt === null ? { text: 'never', tone: 'warn' } : new Date(testedAt).toISOString(),
        ]),
        empty: 'No management controller is entered.',
      },
    ],
  };
}
