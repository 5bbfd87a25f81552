import { xmlText } from '../cib/cib-elements.js';
import { fencingId } from '../fencing/fencing-resource.js';
import type { ClusterOptions, Membership } from '../membership/membership.js';
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
  const { merged, gone } = renamedElements(await engines.configuration(), renames);
  if (merged === undefined) return;
  await engines.merge(merged);
  for (const id of gone) await engines.deleteResource(id);
}

/**
 * Elements as they have to be, to be merged, and ids of resources that are replaced by others. Pure.
 * @param configuration as `cibadmin --query` prints it.
 */
export function renamedElements(
  configuration: string,
  renames: Renames,
): { readonly merged: string | undefined; readonly gone: readonly string[] } {
  const fencing = new Map([...renames].map(([former, now]) => [fencingId(former), fencingId(now)]));
  const controllers = elementsOf(configuration, 'primitive').flatMap((text) => {
    const [id, host] = [attributeOf(text, 'id'), /<nvpair [^>]*name="pcmk_host_list"[^>]*>/.exec(text)?.[0]];
    const [nextId, nextHost] = [fencing.get(id ?? ''), renames.get(attributeOf(host ?? '', 'value') ?? '')];
    if (id === undefined || host === undefined || nextId === undefined || nextHost === undefined) return [];
    const named = text.replace(host, withAttribute(host, 'value', nextHost));
    return [{ id, nextId, text: withIds(named, id, nextId) }];
  });
  const locations = elementsOf(configuration, 'rsc_location').flatMap((text) => {
    const controller = controllers.find(({ id }) => id === attributeOf(text, 'rsc'));
    const renamed = withNames(text, renames);
    const next = controller === undefined ? renamed : withIds(renamed, controller.id, controller.nextId);
    return next === text ? [] : [next];
  });
  if (controllers.length + locations.length === 0) return { merged: undefined, gone: [] };
  const resources = controllers.map(({ text }) => text).join('\n');
  const merged = `<configuration>\n<resources>\n${resources}\n</resources>\n<constraints>\n${locations.join('\n')}\n</constraints>\n</configuration>\n`;
  const present = new Set(controllers.map(({ nextId }) => nextId));
  return { merged, gone: controllers.flatMap(({ id }) => (present.has(id) ? [] : [id])) };
}

/** `node="…"` of a constraint, and the name that a rule compares with. */
function withNames(text: string, renames: Renames): string {
  const [head] = text.split('>', 1);
  const node = renames.get(attributeOf(head ?? '', 'node') ?? '');
  const moved = head === undefined || node === undefined ? text : text.replace(head, withAttribute(head, 'node', node));
  return moved.replace(/<expression [^>]*>/g, (rule) => {
    const next =
      attributeOf(rule, 'attribute') === '#uname' ? renames.get(attributeOf(rule, 'value') ?? '') : undefined;
    return next === undefined ? rule : withAttribute(rule, 'value', next);
  });
}

/** The resource's id, and those of its parts and of its constraint, which begin with it. */
function withIds(text: string, former: string, next: string): string {
  return text
    .replaceAll(`"${former}"`, () => `"${next}"`)
    .replaceAll(`"${former}-`, () => `"${next}-`)
    .replaceAll(`"location-${former}-`, () => `"location-${next}-`);
}

function withAttribute(tag: string, name: string, value: string): string {
  return tag.replace(new RegExp(` ${name}="[^"]*"`), () => ` ${name}="${xmlText(value)}"`);
}

function attributeOf(tag: string, name: string): string | undefined {
  return new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];
}

/** Pacemaker prints no `>` inside of an attribute. */
function elementsOf(configuration: string, name: string): readonly string[] {
  const pattern = new RegExp(`<${name} [^>]*?(?:/>|>[^]*?</${name}>)`, 'g');
  return [...configuration.matchAll(pattern)].map(([text]) => text);
}
