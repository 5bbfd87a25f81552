import type { NetworkSettings } from '../settings/schema.js';

/** `new`, `changed` or `removed` in the draft, beside what is running; empty when the draft says nothing else. */
export type Pending = '' | 'new' | 'changed' | 'removed';

export interface PendingMarks {
  readonly links: ReadonlyMap<string, Pending>;
  readonly bonds: ReadonlyMap<string, Pending>;
  readonly vlans: ReadonlyMap<string, Pending>;
  /** By `destination metric`. */
  readonly routes: ReadonlyMap<string, Pending>;
  readonly mode: boolean;
}

/** Which rows of the tables differ between the running settings and the draft. Pure. */
export function pendingMarks(running: NetworkSettings, draft: NetworkSettings): PendingMarks {
  const simple = (settings: NetworkSettings) =>
    settings.mode === 'simple' && settings.simple.interface !== undefined
      ? { [settings.simple.interface]: settings.simple }
      : {};
  const links = (settings: NetworkSettings) =>
    settings.mode === 'simple' ? simple(settings) : { ...membersOf(settings), ...settings.links };
  const routes = (settings: NetworkSettings) =>
    Object.fromEntries(settings.routes.map((route) => [`${route.destination} ${route.metric ?? ''}`.trim(), route]));
  return {
    links: marks(links(running), links(draft)),
    bonds: marks(running.bonds, draft.bonds),
    vlans: marks(running.vlans, draft.vlans),
    routes: marks(routes(running), routes(draft)),
    mode: running.mode !== draft.mode,
  };
}

/** A NIC that joins or leaves a bond has something pending too. */
function membersOf(settings: NetworkSettings): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings.bonds).flatMap(([bond, { members }]) => members.map((member) => [member, bond])),
  );
}

function marks(
  running: Readonly<Record<string, unknown>>,
  draft: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, Pending> {
  const found = new Map<string, Pending>();
  for (const [name, value] of Object.entries(draft)) {
    if (!Object.hasOwn(running, name)) found.set(name, 'new');
    else if (JSON.stringify(running[name]) !== JSON.stringify(value)) found.set(name, 'changed');
  }
  for (const name of Object.keys(running)) if (!Object.hasOwn(draft, name)) found.set(name, 'removed');
  return found;
}
