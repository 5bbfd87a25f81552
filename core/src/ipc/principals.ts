import type { Caller, Role } from '../sdk/actions.js';

/** What may be done through a door; everything that is not allowed here is refused, whatever the role. */
export interface Allowance {
  readonly role: Role;
  action(id: string): boolean;
  /** A subscription gives every event whose id starts with the prefix. */
  events(prefix: string): boolean;
}

/** Who stands behind a socket. Its name is the folder below the runtime folder; whoever can open the socket is it. */
export interface Principal {
  readonly name: string;
  readonly surface: Caller['surface'];
  /** Group that may enter the folder; undefined for root only. */
  readonly group: string | undefined;
  /** `person`: named after the user that the kernel says is at the other end. Otherwise the principal's own name. */
  readonly identity: 'person' | 'program';
  /** Without a session or token. */
  readonly own: Allowance;
  /** With one; the role is then that of the session or token. Undefined: it may carry none. */
  readonly onBehalf: Omit<Allowance, 'role'> | undefined;
}

export interface PluginGrants {
  readonly actions: readonly string[];
  readonly eventPrefixes: readonly string[];
}

/** The actions that open and close sessions. A local user needs none, so only doors that carry sessions have them. */
const sessionActions: ReadonlySet<string> = new Set(['access.login', 'access.logout']);
/** What `gemel-peer` says the other node asked for; nobody else may say so. */
const peerDelivery = 'peer.deliver';

const nothing = () => false;
const allEvents = () => true;
const forOperators = (id: string) => id !== peerDelivery;
/** Before somebody signed in at the device: its state, and the way in. */
const forEverybody = (id: string) => id === 'access.login' || id === 'status' || id.startsWith('status.');
const notSessions = (id: string) => forOperators(id) && !sessionActions.has(id);

function person(name: string, role: Role, group: string | undefined): Principal {
  return {
    name,
    surface: 'cli',
    group,
    identity: 'person',
    own: { role, action: notSessions, events: allEvents },
    onBehalf: undefined,
  };
}

/** Every door of core, beside those of isolated plugins. */
export const principals = {
  root: person('root', 'administrator', undefined),
  operators: person('operators', 'operator', 'gemel-operators'),
  viewers: person('viewers', 'viewer', 'gemel-viewers'),
  gateway: {
    name: 'gateway',
    surface: 'http',
    group: 'gemel-gateway',
    identity: 'program',
    own: { role: 'viewer', action: (id) => id === 'access.login', events: nothing },
    onBehalf: { action: forOperators, events: allEvents },
  },
  /** Shows the status to whoever stands before the device; more only after sign-in. */
  console: {
    name: 'console',
    surface: 'console',
    group: 'gemel-console',
    identity: 'program',
    own: { role: 'viewer', action: forEverybody, events: allEvents },
    onBehalf: { action: forOperators, events: allEvents },
  },
  /** Carries requests of the other node. The role is the highest because the one action is the limit. */
  peer: {
    name: 'peer',
    surface: 'peer',
    group: 'gemel-peer',
    identity: 'program',
    own: { role: 'administrator', action: (id) => id === peerDelivery, events: nothing },
    onBehalf: undefined,
  },
} as const satisfies Record<string, Principal>;

/**
 * The door of an isolated plugin: exactly its grants. The role is the highest because the grants, which an administrator
 * agreed to, are the limit.
 */
export function pluginPrincipal(id: string, group: string, grants: PluginGrants): Principal {
  const actions = new Set(grants.actions);
  return {
    name: `plugin-${id}`,
    surface: 'plugin',
    group,
    identity: 'program',
    own: {
      role: 'administrator',
      action: (action) => actions.has(action),
      events: (prefix) => grants.eventPrefixes.some((granted) => prefix.startsWith(granted)),
    },
    onBehalf: undefined,
  };
}

/** As it appears in records: `gateway`, `plugin:example`. */
export function programName(principal: Principal): string {
  return principal.name.replace(/^plugin-/, 'plugin:');
}
