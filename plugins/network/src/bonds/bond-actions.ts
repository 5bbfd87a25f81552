import { type AnyAction, ApplianceError, defineAction } from '@gemel/core/sdk';
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
import { addressingInput, changeAddressing, listed } from '../addresses/edit-addressing.js';
import { interfaceFields } from '../addresses/addressing-schema.js';
import { nameInput, withRecordedNics } from '../links/edit-links.js';
import type { LinkFact } from '../settings/facts.js';
import type { NetworkSettings } from '../settings/schema.js';
import { bondsSchema, bondsStatus } from '../state/status.js';
import { bondModes, bondModeSummaries, bondOptionModes, bondOptions } from './bond-modes.js';
import { type BondSettings, bondFields } from './bond-schema.js';

const { mode, members, arpMonitor: _, ...options } = bondFields();

/** The ARP monitor's fields one by one: options of a command line are flat. */
const arpInput = {
  arpInterval: z
    .int()
    .min(1)
    .optional()
    .describe('Watch by ARP requests every so many milliseconds instead of by carrier'),
  arpTargets: z.array(z.string().min(1).max(64)).max(16).optional().describe('IPv4 addresses that are asked'),
  arpValidate: z
    .enum(['none', 'active', 'backup', 'all', 'filter', 'filter-active', 'filter-backup'])
    .optional()
    .describe('Which members must see proper ARP answers'),
  arpAllTargets: z.enum(['any', 'all']).optional().describe('Whether one answering target is enough'),
  arpMissedMax: z.int().min(1).max(255).optional().describe('Missed answers after which a member is down'),
};

const optionInput = {
  ...options,
  ...arpInput,
  mtu: interfaceFields.mtu,
  enabled: interfaceFields.enabled,
  ...addressingInput,
};

const createInput = z.object({
  name: nameInput.describe('Name of the new bond').meta({ examples: ['bond0'] }),
  members,
  mode: mode.default('active-backup'),
  takeOver: z.boolean().default(false).describe("Move the members' addresses to the bond"),
  ...optionInput,
});

const setInput = z.object({
  name: nameInput.describe('Name of the bond'),
  mode: mode.optional().describe('How the members work together; see gemel network bond modes'),
  members: members.optional().describe('NICs of the bond, in place of those it has'),
  unset: z
    .array(z.string().max(64))
    .max(64)
    .optional()
    .describe('Options to take back to their defaults, such as lacpRate'),
  ...optionInput,
});

type OptionInput = z.infer<z.ZodObject<typeof optionInput>>;

/** The options of the input that are a bond's own, without those that were not given. */
function givenOptions(input: OptionInput): Partial<BondSettings> {
  const names = [...Object.keys(options), 'mtu', 'enabled'] as (keyof typeof options | 'mtu' | 'enabled')[]; // keys of the literals above
  const found: Record<string, unknown> = {};
  for (const name of names) if (input[name] !== undefined) found[name] = input[name];
  // Each value was parsed by the schema of the very field that it is put into.
  return found as Partial<BondSettings>;
}

function givenArpMonitor(
  input: OptionInput,
  before: BondSettings['arpMonitor'],
): { arpMonitor?: NonNullable<BondSettings['arpMonitor']> } {
  const targets = listed(input.arpTargets);
  const intervalMs = input.arpInterval ?? before?.intervalMs;
  const entered = [input.arpInterval, targets, input.arpValidate, input.arpAllTargets, input.arpMissedMax].some(
    (value) => value !== undefined,
  );
  if (!entered) return before === undefined ? {} : { arpMonitor: before };
  const all = targets ?? before?.targets ?? [];
  if (intervalMs === undefined || all.length === 0) {
    throw new ApplianceError(
      'invalid',
      'The ARP monitor needs an interval and at least one target: --arp-interval 1000 --arp-targets 10.77.0.1',
    );
  }
  const validate = input.arpValidate ?? before?.validate;
  const allTargets = input.arpAllTargets ?? before?.allTargets;
  const missedMax = input.arpMissedMax ?? before?.missedMax;
  return {
    arpMonitor: {
      intervalMs,
      targets: [...all],
      ...(validate === undefined ? {} : { validate }),
      ...(allTargets === undefined ? {} : { allTargets }),
      ...(missedMax === undefined ? {} : { missedMax }),
    },
  };
}

/**
 * Joining a bond ends what a NIC did before: automatic addresses go without a word, entered ones stay and are reported by verify,
 * unless the operator wants them moved.
 */
function withoutAddressing(
  settings: NetworkSettings,
  names: readonly string[],
  also: 'automatic' | 'all',
): NetworkSettings {
  const links = { ...settings.links };
  for (const name of names) {
    const link = Object.hasOwn(links, name) ? links[name] : undefined;
    if (link === undefined) continue;
    const { ipv4, ipv6, ...rest } = link;
    const keep4 = also === 'automatic' && ipv4?.method === 'static' ? { ipv4 } : {};
    const keep6 = also === 'automatic' && ipv6?.method === 'static' ? { ipv6 } : {};
    links[name] = { ...rest, ...keep4, ...keep6 };
  }
  return { ...settings, links };
}

function withMembers(
  settings: NetworkSettings,
  names: readonly string[],
  links: readonly LinkFact[],
  also: 'automatic' | 'all',
): NetworkSettings {
  return withRecordedNics(withoutAddressing(settings, names, also), names, links);
}

function movedAddressing(settings: NetworkSettings, names: readonly string[]): Pick<BondSettings, 'ipv4' | 'ipv6'> {
  const links = names.flatMap((name) => (Object.hasOwn(settings.links, name) ? [settings.links[name]] : []));
  const ipv4 = links.find((link) => link?.ipv4 !== undefined && link.ipv4.method !== 'none')?.ipv4;
  const ipv6 = links.find((link) => link?.ipv6 !== undefined && link.ipv6.method !== 'none')?.ipv6;
  return { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
}

export function bondActions(
  around: ActionSurroundings,
  readBonds: (signal: AbortSignal) => Promise<z.infer<typeof bondsSchema>>,
): readonly AnyAction[] {
  const put = (settings: NetworkSettings, name: string, bond: BondSettings): NetworkSettings => ({
    ...settings,
    bonds: { ...settings.bonds, [name]: bond },
  });
  return [
    defineAction({
      kind: 'call',
      id: 'network.bond.list',
      summary: 'List all bonds with the state of their members.',
      role: 'viewer',
      audited: false,
      input: z.object({}),
      output: bondsSchema,
      present: bondsStatus.present,
      run: async (_input, { signal }) => readBonds(signal),
    }),
    defineAction({
      kind: 'call',
      id: 'network.bond.modes',
      summary: 'Show all bond modes and which option fits which mode.',
      role: 'viewer',
      audited: false,
      input: z.object({}),
      output: modesSchema,
      present: presentModes,
      run: async () => modesTable,
    }),
    defineAction({
      kind: 'call',
      id: 'network.bond.create',
      summary: 'Create a bond in the draft.',
      role: 'operator',
      input: createInput,
      output: editedSchema,
      positionals: ['name'],
      present: presentEdited,
      run: async (input, call) => {
        const links = await around.links(call.signal);
        const names = [...(listed(input.members) ?? [])];
        return editAdvanced(around, call, `Bond ${input.name} is in the draft.`, (settings) => {
          requireFreeName(settings, links, input.name);
          const moved = input.takeOver ? movedAddressing(settings, names) : {};
          const bond: BondSettings = {
            mode: input.mode,
            members: names,
            ...givenOptions(input),
            ...givenArpMonitor(input, undefined),
            ...changeAddressing(moved, input),
          };
          return put(withMembers(settings, names, links, input.takeOver ? 'all' : 'automatic'), input.name, bond);
        });
      },
    }),
    defineAction({
      kind: 'call',
      id: 'network.bond.set',
      summary: 'Change a bond in the draft.',
      role: 'operator',
      input: setInput,
      output: editedSchema,
      positionals: ['name'],
      present: presentEdited,
      run: async (input, call) => {
        const links = await around.links(call.signal);
        const names = listed(input.members);
        return editAdvanced(around, call, `Bond ${input.name} is changed in the draft.`, (settings) => {
          const before = existing(settings.bonds, 'bond', input.name);
          const unset = new Set(listed(input.unset));
          const required = [...unset].find(
            (option) => option === 'mode' || option === 'members' || !(option in before),
          );
          if (required !== undefined)
            throw new ApplianceError(
              'invalid',
              `Bond ${input.name} has no option ${required} that could be taken back.`,
            );
          // Optional properties only were let through above.
          const kept = Object.fromEntries(Object.entries(before).filter(([key]) => !unset.has(key))) as BondSettings;
          const bond: BondSettings = {
            ...kept,
            ...(input.mode === undefined ? {} : { mode: input.mode }),
            ...(names === undefined ? {} : { members: [...names] }),
            ...givenOptions(input),
            ...givenArpMonitor(input, kept.arpMonitor),
            ...changeAddressing(kept, input),
          };
          return put(withMembers(settings, names ?? [], links, 'automatic'), input.name, bond);
        });
      },
    }),
    defineAction({
      kind: 'call',
      id: 'network.bond.delete',
      summary: 'Delete a bond in the draft. Its members stay without configuration.',
      role: 'operator',
      input: z.object({ name: nameInput.describe('Name of the bond') }),
      output: editedSchema,
      positionals: ['name'],
      present: presentEdited,
      run: async ({ name }, call) =>
        editAdvanced(around, call, `Bond ${name} is deleted in the draft.`, (settings) => {
          existing(settings.bonds, 'bond', name);
          const vlan = Object.entries(settings.vlans).find(([, { parent }]) => parent === name)?.[0];
          if (vlan !== undefined)
            throw new ApplianceError(
              'conflict',
              `Bond ${name} carries the VLAN ${vlan}. Delete it first with "gemel network vlan delete ${vlan}".`,
            );
          return {
            ...settings,
            bonds: without(settings.bonds, name),
            routes: settings.routes.filter((route) => route.interface !== name),
          };
        }),
    }),
    defineAction({
      kind: 'call',
      id: 'network.bond.add-member',
      summary: 'Add a NIC to a bond in the draft.',
      role: 'operator',
      input: z.object({ name: nameInput.describe('Name of the bond'), member: nameInput.describe('NIC that joins') }),
      output: editedSchema,
      positionals: ['name', 'member'],
      present: presentEdited,
      run: async ({ name, member }, call) => {
        const links = await around.links(call.signal);
        return editAdvanced(around, call, `${member} joins bond ${name} in the draft.`, (settings) => {
          const bond = existing(settings.bonds, 'bond', name);
          if (bond.members.includes(member))
            throw new ApplianceError('conflict', `${member} is already a member of bond ${name}.`);
          return put(withMembers(settings, [member], links, 'automatic'), name, {
            ...bond,
            members: [...bond.members, member],
          });
        });
      },
    }),
    defineAction({
      kind: 'call',
      id: 'network.bond.remove-member',
      summary: 'Remove a NIC from a bond in the draft.',
      role: 'operator',
      input: z.object({ name: nameInput.describe('Name of the bond'), member: nameInput.describe('NIC that leaves') }),
      output: editedSchema,
      positionals: ['name', 'member'],
      present: presentEdited,
      run: async ({ name, member }, call) =>
        editAdvanced(around, call, `${member} leaves bond ${name} in the draft.`, (settings) => {
          const { primary, ...bond } = existing(settings.bonds, 'bond', name);
          if (!bond.members.includes(member))
            throw new ApplianceError(
              'not-found',
              `${member} is no member of bond ${name}. Its members are: ${bond.members.join(', ') || 'none'}.`,
            );
          const kept = primary === undefined || primary === member ? {} : { primary };
          return put(settings, name, { ...bond, ...kept, members: bond.members.filter((each) => each !== member) });
        }),
    }),
  ];
}

const modesSchema = z.object({
  modes: z
    .array(z.object({ mode: z.enum(bondModes).describe('Its name'), summary: z.string().describe('What it is for') }))
    .describe('Every mode'),
  options: z
    .array(
      z.object({
        option: z.string().describe('Its name in the settings'),
        modes: z.array(z.enum(bondModes)).describe('Modes that know it'),
      }),
    )
    .describe('Options that not every mode knows'),
});

const modesTable: z.infer<typeof modesSchema> = {
  modes: bondModes.map((each) => ({ mode: each, summary: bondModeSummaries[each] })),
  options: bondOptions.map((option) => ({ option, modes: [...bondOptionModes[option]] })),
};

function presentModes({ modes, options: rows }: z.infer<typeof modesSchema>) {
  return {
    kind: 'group' as const,
    views: [
      {
        kind: 'table' as const,
        columns: ['Mode', 'What it does'],
        rows: modes.map((each) => [each.mode, each.summary]),
      },
      {
        kind: 'table' as const,
        title: 'Options and the modes they fit',
        columns: ['Option', ...modes.map((each) => each.mode)],
        rows: rows.map(({ option, modes: fitting }) => [
          option,
          ...modes.map((each) => (fitting.includes(each.mode) ? 'yes' : '')),
        ]),
      },
    ],
  };
}
