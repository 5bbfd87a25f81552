import type { ActionCall, Caller } from '../sdk/actions.js';
import { ApplianceError } from '../sdk/errors.js';
import type { PublishedEvent } from '../sdk/events.js';
import type { Authenticator } from './authenticator.js';
import type { ActionDescriptor, CoreApi, InvocationResult, OpenUpload } from './core-api.js';
import type { Allowance, Principal } from './principals.js';
import { type OnBehalf, parseUpload } from './protocol.js';

export interface KnownAction {
  readonly id: string;
  readonly summary: string;
}

/** What `find` answers: the action that was meant and those below it, or else all there are. */
export interface Found {
  readonly action?: ActionDescriptor;
  readonly known: readonly KnownAction[];
}

/** One request's right to act: the caller, and what its door allows. */
export interface Standing {
  readonly caller: Caller;
  readonly allowance: Allowance;
  /** False once the session or token that it rests on has ended. */
  stillValid(): boolean;
}

/** A connection as the router needs it. */
export interface Origin {
  readonly principal: Principal;
  /** `local:jane`, `gateway` */
  readonly name: string;
  /** Monotonic milliseconds. */
  readonly connectedAt: number;
}

/** Words of a command line that can name an action. */
const mostCandidates = 16;

/** Decides what a door lets through, then asks core. Roles are core's to check, doors are checked here: default deny. */
export class Router {
  readonly #core: CoreApi;
  readonly #authenticator: Authenticator;

  constructor(core: CoreApi, authenticator: Authenticator) {
    this.#core = core;
    this.#authenticator = authenticator;
  }

  /** @throws ApplianceError `forbidden` when the door may not act for others or the session or token is not (any more) valid. */
  standing(origin: Origin, onBehalf: OnBehalf | undefined, now: number): Standing {
    const { principal } = origin;
    if (onBehalf !== undefined && !mayCarry(principal, onBehalf)) {
      throw new ApplianceError('forbidden', `The ${principal.name} socket does not act for others.`);
    }
    const own = { surface: principal.surface, ...connection(origin, onBehalf, now) };
    const credential = onBehalf?.credential;
    if (credential === undefined || principal.onBehalf === undefined) {
      const caller = { ...own, name: origin.name, role: principal.own.role };
      return { caller, allowance: principal.own, stillValid: () => true };
    }
    const identity = this.#authenticator.identify(credential);
    if (identity === undefined) {
      throw new ApplianceError('forbidden', `The ${credential.kind} is not valid or has ended. Sign in again.`);
    }
    return {
      caller: { ...own, name: identity.name, role: identity.role },
      allowance: { ...principal.onBehalf, role: identity.role },
      stillValid: () => this.#authenticator.isValid(credential),
    };
  }

  async describe({ caller, allowance }: Standing): Promise<readonly ActionDescriptor[]> {
    return (await this.#core.describe(caller.role)).filter(({ id }) => allowance.action(id));
  }

  /** The first of the candidates that exists; for the command line, which needs one action and not all of them. */
  async find(standing: Standing, params: Readonly<Record<string, unknown>>): Promise<Found> {
    const candidates: unknown = params['candidates'];
    if (!Array.isArray(candidates)) throw new ApplianceError('invalid', 'candidates must be a list of action ids.');
    const descriptors = await this.describe(standing);
    const wanted: readonly unknown[] = candidates;
    for (const candidate of wanted.slice(0, mostCandidates)) {
      const action = descriptors.find(({ id }) => id === candidate);
      if (action !== undefined) {
        return { action, known: descriptors.filter(({ id }) => id.startsWith(`${action.id}.`)).map(brief) };
      }
    }
    return { known: descriptors.map(brief) };
  }

  async invoke(
    { caller, allowance }: Standing,
    params: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<InvocationResult> {
    const { action, input = {}, view = false } = params;
    if (typeof action !== 'string') throw new ApplianceError('invalid', 'action must be the id of an action.');
    needAction(caller, allowance, action);
    const call: ActionCall = { caller, signal };
    return await this.#core.invoke({ action, input, view: view === 'only' || view === true ? view : false }, call);
  }

  /** Whoever may not use the action through this door sends nothing for it either. */
  async upload(
    { caller, allowance }: Standing,
    params: Readonly<Record<string, unknown>>,
    ended: () => void,
  ): Promise<OpenUpload> {
    const order = parseUpload(params);
    needAction(caller, allowance, order.action);
    return await this.#core.upload(order, caller, ended);
  }

  subscribe(
    { caller, allowance }: Standing,
    params: Readonly<Record<string, unknown>>,
    listener: (event: PublishedEvent) => void,
  ): Disposable {
    const { prefix = '' } = params;
    if (typeof prefix !== 'string') throw new ApplianceError('invalid', 'prefix must be text.');
    if (!allowance.events(prefix)) {
      throw new ApplianceError(
        'forbidden',
        `${caller.name} may not see events ${prefix === '' ? '' : `${prefix}* `}here.`,
      );
    }
    return this.#core.subscribe(prefix, caller, listener);
  }
}

function needAction(caller: Caller, allowance: Allowance, action: string): void {
  if (allowance.action(action)) return;
  throw new ApplianceError('forbidden', `${caller.name} may not use ${action} here.`);
}

function brief({ id, summary }: ActionDescriptor): KnownAction {
  return { id, summary };
}

/** A person at a shell may say where the shell's connection comes from, and nothing else. */
function mayCarry(principal: Principal, { credential, connectionAgeMs }: OnBehalf): boolean {
  if (principal.onBehalf !== undefined) return true;
  return principal.identity === 'person' && credential === undefined && connectionAgeMs === undefined;
}

/** The confirm rule needs to know when the operator's own connection was opened, not the gateway's. */
function connection(
  origin: Origin,
  onBehalf: OnBehalf | undefined,
  now: number,
): Pick<Caller, 'connectedAt' | 'remote'> {
  const { connectionAgeMs, remote } = onBehalf ?? {};
  return {
    connectedAt: connectionAgeMs === undefined ? origin.connectedAt : now - connectionAgeMs,
    ...(remote === undefined ? {} : { remote }),
  };
}
