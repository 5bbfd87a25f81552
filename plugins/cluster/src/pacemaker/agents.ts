import { ApplianceError } from '@gemel/core/sdk';
import { z } from 'zod';
import type { Pacemaker } from './pacemaker.js';
import { childAt, childrenNamed, descendants, parseXml, type XmlElement } from './xml.js';

const parameterSchema = z.object({
  name: z.string().describe('As `create` and `update` take it.'),
  type: z.string().describe('string, integer, boolean, select, time, …'),
  required: z.boolean().describe('The agent does not work without it.'),
  default: z.string().nullable().describe('Taken when it is not given.'),
  values: z.array(z.string()).describe('Allowed values; empty: no list.'),
  summary: z.string().describe('What it is.'),
});
export type AgentParameter = z.output<typeof parameterSchema>;

export const agentSchema = z.object({
  name: z.string().describe('Standard, provider and type: `ocf:heartbeat:IPaddr2`, `systemd:cron`.'),
  summary: z.string().describe('In a line.'),
  description: z.string().describe('In full.'),
  parameters: z.array(parameterSchema).describe('What it takes.'),
  operations: z
    .array(
      z.object({
        name: z.string().describe('start, stop, monitor, …'),
        timeout: z.string().nullable().describe('What the agent advises.'),
        interval: z.string().nullable().describe('What the agent advises; null where it is done once.'),
        role: z.string().nullable().describe('For which role, of a promotable agent.'),
      }),
    )
    .describe('What it can do.'),
  promotable: z.boolean().describe('It knows an active and a passive role.'),
});
export type Agent = z.output<typeof agentSchema>;

export interface AgentName {
  readonly standard: string;
  /** Only of OCF agents. */
  readonly provider: string | undefined;
  readonly type: string;
}

/** `ocf:heartbeat:IPaddr2`, `systemd:cron`, `lsb:cron`; undefined for anything else. */
export function parseAgentName(text: string): AgentName | undefined {
  const ocf = /^ocf:([\w.-]+):([\w.@-]+)$/.exec(text);
  if (ocf?.[1] !== undefined && ocf[2] !== undefined) return { standard: 'ocf', provider: ocf[1], type: ocf[2] };
  const other = /^(systemd|lsb|service):([\w.@:\\-]+)$/.exec(text);
  if (other?.[1] === undefined || other[2] === undefined) return undefined;
  return { standard: other[1], provider: undefined, type: other[2] };
}

/** Standards whose agents can be resources; fencing devices have commands of their own. */
const standards = ['systemd', 'lsb'] as const;

export class Agents {
  constructor(readonly pacemaker: Pacemaker) {}

  /** Names of all agents on this node. */
  async list(signal?: AbortSignal): Promise<readonly string[]> {
    const providers = descendants(await this.#ask('--list-ocf-providers', signal), 'provider');
    const ocf = providers.map(async ({ text: provider }) => {
      const agents = descendants(await this.#ask(`--list-agents=ocf:${provider}`, signal), 'agent');
      return agents.map(({ text }) => `ocf:${provider}:${text}`);
    });
    const others = standards.map(async (standard) => {
      const agents = descendants(await this.#ask(`--list-agents=${standard}`, signal), 'agent');
      return agents.map(({ text }) => `${standard}:${text}`);
    });
    return (await Promise.all([...ocf, ...others])).flat();
  }

  /** @throws ApplianceError `not-found` for an agent that is not on this node, naming similar ones. */
  async describe(name: string, signal?: AbortSignal): Promise<Agent> {
    if (parseAgentName(name) === undefined) throw await this.#unknown(name, signal);
    let text: string;
    try {
      text = await this.pacemaker.run(['crm_resource', `--show-metadata=${name}`], signal);
    } catch (failure) {
      if (failure instanceof ApplianceError && failure.code === 'not-found') throw await this.#unknown(name, signal);
      throw failure;
    }
    const agent = readMetadata(name, await parseXml(text));
    // Pacemaker invents metadata for units that do not exist.
    if (name.startsWith('systemd:') && !(await this.list(signal)).includes(name))
      throw await this.#unknown(name, signal);
    return agent;
  }

  async #ask(question: string, signal: AbortSignal | undefined): Promise<XmlElement> {
    return parseXml(await this.pacemaker.run(['crm_resource', '--output-as=xml', question], signal));
  }

  async #unknown(name: string, signal: AbortSignal | undefined): Promise<ApplianceError> {
    const wanted = typeOf(name);
    const similar = (await this.list(signal)).filter((each) => isSimilar(typeOf(each), wanted));
    const hint =
      similar.length === 0
        ? 'All agents are listed by: gemel cluster resource agent list'
        : `Did you mean ${similar.slice(0, 3).join(' or ')}?`;
    return new ApplianceError('not-found', `There is no agent ${name} on this node. ${hint}`);
  }
}

function typeOf(name: string): string {
  return name.split(':').at(-1)?.toLowerCase() ?? '';
}

/** One contains the other, or two letters at most are wrong, missing or too many. */
function isSimilar(one: string, other: string): boolean {
  if (one === other) return true;
  if (Math.min(one.length, other.length) < 3) return false;
  return one.includes(other) || other.includes(one) || differences(one, other) <= 2;
}

/** Levenshtein's distance. */
function differences(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_each, column) => column);
  for (const [row, letter] of one.split('').entries()) {
    const line = [row + 1];
    for (let column = 0; column < other.length; column += 1) {
      const changed = (above[column] ?? 0) + (letter === other[column] ? 0 : 1);
      line.push(Math.min(changed, (above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1));
    }
    above = line;
  }
  return above.at(-1) ?? 0;
}

/** Reads an agent's metadata; agents differ in what they leave out. */
export function readMetadata(name: string, root: XmlElement): Agent {
  const actions = childrenNamed(childAt(root, 'actions'), 'action');
  return {
    name,
    summary: line(childAt(root, 'shortdesc')),
    description: childAt(root, 'longdesc')?.text.trim() ?? '',
    parameters: childrenNamed(childAt(root, 'parameters'), 'parameter').map((parameter) => {
      const content = childAt(parameter, 'content');
      const values = [...childrenNamed(content, 'option')].flatMap(({ attributes }) => attributes['value'] ?? []);
      return {
        name: parameter.attributes['name'] ?? '',
        type: content?.attributes['type'] ?? 'string',
        required: parameter.attributes['required'] === '1' || parameter.attributes['required'] === 'true',
        default: content?.attributes['default'] ?? null,
        values,
        summary: line(childAt(parameter, 'shortdesc')),
      };
    }),
    operations: actions.map(({ attributes }) => ({
      name: attributes['name'] ?? '',
      timeout: attributes['timeout'] ?? null,
      interval: attributes['interval'] ?? null,
      role: attributes['role'] ?? null,
    })),
    promotable: actions.some(({ attributes }) => attributes['name'] === 'promote'),
  };
}

function line(element: XmlElement | undefined): string {
  return element?.text.trim().replaceAll(/\s+/g, ' ') ?? '';
}
