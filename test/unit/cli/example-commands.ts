/** The command line over a core with a few actions. */
import { runCommand } from '#core/cli/main.js';
import type { InvocationResult } from '#core/ipc/core-api.js';
import type { Report } from '#core/sdk/index.js';
import { descriptor, type FakeAction, FakeCore } from '../ipc/fake-core.js';
import { type OpenServers, openServers } from '../ipc/open-servers.js';
import { FakeTerminal, type FakeTerminalOptions } from './fake-terminal.js';

export const warning: Report = {
  code: 'network.bond.slow-lacp',
  severity: 'warning',
  params: {},
  path: 'network/bonds/bond0',
  text: 'Slow LACP.',
  forceCode: 'SLOW_LACP',
};

export const create: FakeAction = {
  descriptor: descriptor('network.bond.create', {
    summary: 'Create a bond in the draft.',
    role: 'operator',
    positionals: ['name', 'members'],
    input: {
      type: 'object',
      required: ['name', 'members'],
      properties: {
        name: { type: 'string', description: 'Name of the bond' },
        members: { type: 'array', items: { type: 'string' }, description: 'Its members' },
        mode: { type: 'string', enum: ['802.3ad', 'active-backup'], default: 'active-backup', description: 'Mode' },
        mtu: { type: 'integer', minimum: 68, maximum: 9000, description: 'MTU.' },
        learn: { type: 'boolean', default: true },
        ipv4: {
          type: 'object',
          properties: { address: { type: 'string' }, gateway: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
        },
        force: { type: 'array', items: { type: 'string' } },
      },
    },
  }),
  run: (input) => ({ output: input, view: { kind: 'text', text: 'Created.', tone: 'ok' }, reports: [warning] }),
};

export const remove: FakeAction = {
  descriptor: descriptor('network.bond.remove', {
    positionals: ['name'],
    confirmation: 'Remove bond {name}?',
    input: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
  }),
  run: () => ({ output: {}, view: { kind: 'text', text: 'Removed.' }, reports: [] }),
};

export const apply: FakeAction = {
  descriptor: descriptor('settings.apply', {
    positionals: ['document'],
    input: {
      type: 'object',
      required: ['document'],
      properties: { document: { type: 'string', fileContent: true }, comment: { type: 'string' } },
    },
  }),
  run: (input) => ({ output: input, reports: [] }),
};

export const setPassword: FakeAction = {
  descriptor: descriptor('access.user.set-password', {
    positionals: ['name'],
    input: {
      type: 'object',
      required: ['name', 'password'],
      properties: { name: { type: 'string' }, password: { type: 'string', secret: true, repeat: true } },
    },
  }),
  run: (input) => ({ output: input, reports: [] }),
};

export const set: FakeAction = {
  descriptor: descriptor('settings.set', {
    positionals: ['path', 'value'],
    input: {
      type: 'object',
      required: ['path'],
      properties: {
        path: { type: 'string' },
        value: { type: 'string', secret: true, secretField: 'secretValue' },
        secretValue: { type: 'string', secret: true },
      },
    },
  }),
  run: (input) => ({ output: input, reports: [] }),
};

export const status: FakeAction = {
  descriptor: descriptor('status'),
  run: () => ({
    output: { ok: true },
    view: { kind: 'fields', fields: [['Network', { text: 'up', tone: 'ok' }]] },
    reports: [],
  }),
};

export const statusShow: FakeAction = { ...status, descriptor: descriptor('status.show') };

export function failing(id: string, run: () => InvocationResult | Promise<InvocationResult>): FakeAction {
  return { descriptor: descriptor(id), run };
}

export interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly notes: string;
  readonly terminal: FakeTerminal;
  /** Inputs that reached core. */
  readonly inputs: readonly unknown[];
}

export async function gemel(
  line: string,
  options: FakeTerminalOptions = {},
  more: readonly FakeAction[] = [],
): Promise<Outcome> {
  const core = new FakeCore([create, remove, apply, setPassword, set, status, statusShow, ...more]);
  await using servers = await openServers(core);
  return await gemelAt(servers, core, line, new FakeTerminal(options));
}

export async function gemelAt(
  servers: OpenServers,
  core: FakeCore,
  line: string,
  terminal: FakeTerminal,
): Promise<Outcome> {
  const code = await runCommand(
    line.split(' ').filter((word) => word !== ''),
    { terminal, socket: servers.path('root') },
  );
  const inputs = core.invocations.map(({ input }) => input);
  return { code, output: terminal.output, notes: terminal.notes, terminal, inputs };
}

export async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 5));
}
