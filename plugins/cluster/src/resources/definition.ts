import { ApplianceError } from '@gemel/core/sdk';
import { z } from 'zod';
import type { Pacemaker } from '../pacemaker/pacemaker.js';
import { childAt, childrenNamed, type XmlElement } from '../pacemaker/xml.js';

export const definitionSchema = z.object({
  name: z.string().describe('Id in the cluster.'),
  agent: z.string().describe('What runs it.'),
  parameters: z.record(z.string(), z.string()).describe('What the agent is given; of secrets only that they are set.'),
  monitor: z.string().nullable().describe('Interval in which it is looked at; null: never.'),
  enabled: z.boolean().describe('False: stopped on purpose.'),
  followsActive: z.boolean().describe('It runs where the active role is.'),
});
export type Definition = z.output<typeof definitionSchema>;

/** A definition with the ids that a change of it must name. */
export interface DefinedResource extends Definition {
  readonly element: XmlElement;
}

/** Letters, digits, `-`, `_` and `.`: it is put into XPath expressions and file names. */
export const resourceName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,62}$/, 'begins with a letter and has at most 63 letters, digits, "-", "_" and "."')
  .meta({ examples: ['lamp'] });

export async function findResource(pacemaker: Pacemaker, name: string, signal?: AbortSignal): Promise<DefinedResource> {
  const [element] = await pacemaker.find(`/cib/configuration/resources//primitive[@id="${name}"]`, signal);
  if (element === undefined) {
    throw new ApplianceError(
      'not-found',
      `There is no resource ${name}. All are listed by: gemel cluster resource list`,
    );
  }
  const constraints = await pacemaker.find(
    `/cib/configuration/constraints/rsc_colocation[@rsc="${name}" and @with-rsc="cluster-ip"]`,
    signal,
  );
  return { ...readDefinition(element, constraints.length > 0), element };
}

export function readDefinition(element: XmlElement, followsActive: boolean): Definition {
  const { id = '', class: standard, provider, type } = element.attributes;
  const monitor = childrenNamed(childAt(element, 'operations'), 'op').find(isMonitor);
  const meta = values(childAt(element, 'meta_attributes'));
  return {
    name: id,
    agent: [standard, provider, type].filter((part) => part !== undefined).join(':'),
    parameters: values(childAt(element, 'instance_attributes')),
    monitor: monitor?.attributes['interval'] ?? null,
    enabled: meta['target-role']?.toLowerCase() !== 'stopped',
    followsActive,
  };
}

/** The monitor of a resource that runs; promotable ones have another for the active role. */
export function isMonitor({ attributes }: XmlElement): boolean {
  return attributes['name'] === 'monitor' && attributes['role'] !== 'Promoted' && attributes['role'] !== 'Stopped';
}

function values(element: XmlElement | undefined): Record<string, string> {
  return Object.fromEntries(
    childrenNamed(element, 'nvpair').map(({ attributes }) => [attributes['name'] ?? '', attributes['value'] ?? '']),
  );
}
