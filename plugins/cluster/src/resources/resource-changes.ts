import { constraint, op, primitive, xmlText } from '../cib/cib-elements.js';
import type { Agent } from '../pacemaker/agents.js';
import type { ClusterChange } from '../pacemaker/pacemaker.js';
import { childAt, childrenNamed } from '../pacemaker/xml.js';
import { type DefinedResource, isMonitor } from './definition.js';

const modify = ['cibadmin', '--modify', '--allow-create'] as const;

export interface NewResource {
  readonly name: string;
  readonly agent: Agent;
  readonly parameters: ReadonlyMap<string, string>;
  /** Seconds; 0: never looked at. */
  readonly monitorSeconds: number;
  /** Runs where the active role is, else wherever Pacemaker likes. */
  readonly followActive: boolean;
}

/** Resource and constraints come into being in one step: it never starts in the wrong place. */
export function createResource({ name, agent, parameters, monitorSeconds, followActive }: NewResource): ClusterChange {
  const given = Object.fromEntries([...parameters].filter(([, value]) => value !== ''));
  const once = ['start', 'stop'].flatMap((action) => {
    const timeout = timeoutOf(agent, action);
    return timeout === undefined ? [] : [op(name, action, { interval: '0s', timeout })];
  });
  const monitor = monitorSeconds === 0 ? [] : [op(name, 'monitor', monitorOptions(agent, monitorSeconds))];
  const constraints = followActive
    ? [constraint.with(name, 'cluster-ip'), constraint.after(name, 'start', 'cluster-ip', 'start')]
    : [];
  const xml = `<configuration><resources>${primitive(name, agent.name, given, [...once, ...monitor])}</resources><constraints>${constraints.join('')}</constraints></configuration>`;
  return merge(xml);
}

/** Sets and takes away parameters, and changes the monitor's interval, in one step. */
export function updateResource(
  resource: DefinedResource,
  agent: Agent,
  change: { readonly parameters: ReadonlyMap<string, string>; readonly monitorSeconds: number | undefined },
): ClusterChange {
  const { name, element } = resource;
  const attributes = childAt(element, 'instance_attributes');
  const owner = attributes?.attributes['id'] ?? `${name}-instance_attributes`;
  const present = new Map(
    childrenNamed(attributes, 'nvpair').map(({ attributes: pair }) => [pair['name'] ?? '', pair['id'] ?? '']),
  );
  const set = [...change.parameters].filter(([, value]) => value !== '');
  const pairs = set.map(([parameter, value]) => {
    const id = present.get(parameter) ?? `${owner}-${parameter}`;
    return `<nvpair id="${xmlText(id)}" name="${xmlText(parameter)}" value="${xmlText(value)}"/>`;
  });
  const parts = [
    pairs.length === 0 ? '' : `<instance_attributes id="${xmlText(owner)}">${pairs.join('')}</instance_attributes>`,
    change.monitorSeconds === undefined ? '' : operations(resource, agent, change.monitorSeconds),
  ];
  const removed = [...change.parameters].flatMap(([parameter, value]) =>
    value === '' && present.has(parameter)
      ? [['crm_resource', '--output-as=xml', '--resource', name, '--delete-parameter', parameter] as const]
      : [],
  );
  const xpath = `/cib/configuration/resources//primitive[@id="${name}"]`;
  const xml = `<primitive id="${name}">${parts.join('')}</primitive>`;
  const changed = parts.every((part) => part === '')
    ? []
    : [{ argv: [...modify, '--xpath', xpath, '--xml-pipe'] as const, input: xml }];
  return { commands: [...changed, ...removed] };
}

function operations({ name, element }: DefinedResource, agent: Agent, monitorSeconds: number): string {
  const all = childAt(element, 'operations');
  const monitor = childrenNamed(all, 'op').find(isMonitor);
  const interval = `${monitorSeconds}s`;
  const line =
    monitor === undefined
      ? op(name, 'monitor', monitorOptions(agent, monitorSeconds))
      : `<op id="${xmlText(monitor.attributes['id'] ?? '')}" name="monitor" interval="${interval}"/>`;
  const id = all?.attributes['id'];
  return `<operations${id === undefined ? '' : ` id="${xmlText(id)}"`}>${line}</operations>`;
}

export function enableResource(name: string): ClusterChange {
  return {
    commands: [['crm_resource', '--output-as=xml', '--resource', name, '--meta', '--delete-parameter', 'target-role']],
  };
}

export function disableResource(name: string): ClusterChange {
  const role = ['--meta', '--set-parameter', 'target-role', '--parameter-value', 'Stopped'] as const;
  return { commands: [['crm_resource', '--output-as=xml', '--resource', name, ...role]] };
}

/**
 * With every constraint that names it. The clone around it, and a group that would be empty, go along: Pacemaker's schema
 * allows neither without a member.
 */
export function deleteResource(name: string): ClusterChange {
  const own = `primitive[@id="${name}"]`;
  const resources = '/cib/configuration/resources';
  const lastOfGroup = `group[count(primitive)=1 and ${own}]`;
  const around = [`${resources}/clone[${own} or ${lastOfGroup}]`, `${resources}/${lastOfGroup}`];
  const inside = `${resources}//${own.slice(0, -1)} and not(parent::clone) and not(parent::group[count(primitive)=1])]`;
  const named = ['rsc', 'with-rsc', 'first', 'then'].flatMap((attribute) =>
    [`"${name}"`, ...around.map((path) => `${path}/@id`)].map((value) => `@${attribute}=${value}`),
  );
  const xpath = [
    `/cib/configuration/constraints/*[${named.join(' or ')}]`,
    `/cib/configuration/constraints//resource_ref[@id="${name}"]`,
    ...around,
    inside,
  ].join(' | ');
  return { commands: [['cibadmin', '--delete-all', '--force', '--xpath', xpath]] };
}

function merge(configuration: string): ClusterChange {
  return { commands: [{ argv: [...modify, '--scope', 'configuration', '--xml-pipe'], input: configuration }] };
}

function monitorOptions(agent: Agent, seconds: number) {
  const timeout = timeoutOf(agent, 'monitor');
  return { interval: `${seconds}s`, ...(timeout === undefined ? {} : { timeout }) };
}

/** What the agent advises; without advice Pacemaker's default of 20 s. */
function timeoutOf({ operations: all }: Agent, action: string): string | undefined {
  return all.find(({ name }) => name === action)?.timeout ?? undefined;
}
