import type { Pacemaker } from './pacemaker.js';
import { descendants, type XmlElement } from './xml.js';

/** Somebody's wish about where a resource runs: `move` of Gemel, crm_resource, pcs or crmsh. */
export interface Wish {
  readonly resource: string;
  readonly node: string;
  /** `there`: it is drawn to the node; `not-there`: it is kept from it. */
  readonly kind: 'there' | 'not-there';
}

/** All of them name their constraints so. */
const wishes = '/cib/configuration/constraints/rsc_location[starts-with(@id,"cli-")]';

export async function findWishes(pacemaker: Pacemaker, signal?: AbortSignal): Promise<readonly Wish[]> {
  return (await pacemaker.find(wishes, signal)).flatMap(readWish);
}

/** The node is an attribute, or with a lifetime the value in a rule. */
export function readWish(element: XmlElement): readonly Wish[] {
  const { id = '', rsc, node: named } = element.attributes;
  const inRule = descendants(element, 'expression').find(({ attributes }) => attributes['attribute'] === '#uname');
  const node = named ?? inRule?.attributes['value'];
  if (rsc === undefined || node === undefined) return [];
  return [{ resource: rsc, node, kind: id.startsWith('cli-ban') ? 'not-there' : 'there' }];
}
