import { fencingId } from '../fencing/fencing-resource.js';
import type { ClusterOptions, Membership } from '../membership/membership.js';
import { descendants, parseXml, type XmlElement, xmlOf } from '../pacemaker/xml.js';
import type { Engines } from './engines.js';

/** Former host names and what became of them. */
export type Renames = ReadonlyMap<string, string>;

/** The nodes that have other host names in `next`. Pure. */
export function renamesOf(former: Membership, next: Membership): Renames {
  return new Map(
    former.nodes.flatMap(({ nodeId, hostName }) => {
      const now = next.nodes.find((each) => each.nodeId === nodeId)?.hostName ?? hostName;
      return now === hostName ? [] : [[hostName, now] as const];
    }),
  );
}

/** A management controller stays with its box, whatever that is called; so does what a test of it has shown. Pure. */
export function renamedOptions(options: ClusterOptions | null, renames: Renames): ClusterOptions | null {
  if (options === null) return null;
  return {
    ...options,
    fencing: options.fencing.map((each) => ({ ...each, node: renames.get(each.node) ?? each.node })),
  };
}

/**
 * Puts the new names wherever the CIB names a node: in constraints, of which DRBD's own keeps every other node than the named one from
 * becoming active, and in what switches the nodes off. Taking it back is the same with the names turned round; asked twice it finds
 * nothing to do.
 */
export async function carryNames(engines: Engines, renames: Renames): Promise<void> {
  if (renames.size === 0) return;
  const { merged, gone } = renamedElements(await parseXml(await engines.configuration()), renames);
  if (merged === undefined) return;
  await engines.merge(merged);
  for (const id of gone) await engines.deleteResource(id);
}

/** Elements as they have to be, to be merged, and ids of resources that are replaced by others. Pure. */
export function renamedElements(
  configuration: XmlElement,
  renames: Renames,
): { readonly merged: string | undefined; readonly gone: readonly string[] } {
  const fencing = new Map([...renames].map(([former, now]) => [fencingId(former), fencingId(now)]));
  const controllers = descendants(configuration, 'primitive').flatMap((element) => {
    const id = element.attributes['id'] ?? '';
    const nextId = fencing.get(id);
    const host = descendants(element, 'nvpair').find(({ attributes }) => attributes['name'] === 'pcmk_host_list');
    const nextHost = renames.get(host?.attributes['value'] ?? '');
    if (host === undefined || nextId === undefined || nextHost === undefined) return [];
    const named = mapped(element, (each) => (each === host ? withAttribute(each, 'value', nextHost) : each));
    return [{ id, nextId, element: withIds(named, id, nextId) }];
  });
  const locations = descendants(configuration, 'rsc_location').flatMap((element) => {
    const controller = controllers.find(({ id }) => id === element.attributes['rsc']);
    const renamed = withNames(element, renames);
    const next = controller === undefined ? renamed : withIds(renamed, controller.id, controller.nextId);
    return xmlOf(next) === xmlOf(element) ? [] : [next];
  });
  if (controllers.length + locations.length === 0) return { merged: undefined, gone: [] };
  const resources = controllers.map(({ element }) => xmlOf(element)).join('\n');
  const constraints = locations.map(xmlOf).join('\n');
  const merged = `<configuration>\n<resources>\n${resources}\n</resources>\n<constraints>\n${constraints}\n</constraints>\n</configuration>\n`;
  const present = new Set(controllers.map(({ nextId }) => nextId));
  return { merged, gone: controllers.flatMap(({ id }) => (present.has(id) ? [] : [id])) };
}

/** `node="…"` of a constraint, and the name that a rule compares with. */
function withNames(location: XmlElement, renames: Renames): XmlElement {
  return mapped(location, (each) => {
    const { attribute, node = '', value = '' } = each.attributes;
    const nextNode = each === location ? renames.get(node) : undefined;
    if (nextNode !== undefined) return withAttribute(each, 'node', nextNode);
    const nextValue = each.name === 'expression' && attribute === '#uname' ? renames.get(value) : undefined;
    return nextValue === undefined ? each : withAttribute(each, 'value', nextValue);
  });
}

/** The resource's id, and those of its parts and of its constraint, which begin with it. */
function withIds(element: XmlElement, former: string, next: string): XmlElement {
  const renamed = (text: string) => {
    if (text === former) return next;
    for (const prefix of ['', 'location-'])
      if (text.startsWith(`${prefix}${former}-`)) return prefix + next + text.slice(prefix.length + former.length);
    return text;
  };
  return mapped(element, (each) => ({
    ...each,
    attributes: Object.fromEntries(
      Object.entries(each.attributes).map(([name, value]) => [name, isIdentifier(name) ? renamed(value) : value]),
    ),
  }));
}

function isIdentifier(attribute: string): boolean {
  return attribute === 'id' || attribute === 'rsc';
}

function withAttribute(element: XmlElement, name: string, value: string): XmlElement {
  return { ...element, attributes: { ...element.attributes, [name]: value } };
}

/** @param change gets each element as it was, and its parts are changed after it. */
function mapped(element: XmlElement, change: (each: XmlElement) => XmlElement): XmlElement {
  const changed = change(element);
  return { ...changed, children: changed.children.map((child) => mapped(child, change)) };
}
