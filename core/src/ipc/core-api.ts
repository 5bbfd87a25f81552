import type { StreamPiece } from '../sdk/actions.js';
import type { ActionCall, Caller, Job, PublishedEvent, Report, Role, View } from '../sdk/index.js';

/** An action as surfaces see it: enough to make a command, a route or a form of it. Plain JSON. */
export interface ActionDescriptor {
  readonly id: string;
  readonly plugin: string;
  readonly kind: 'call' | 'job' | 'stream';
  readonly summary: string;
  readonly role: Role;
  /** JSON Schema (draft 2020-12) of the input object. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly output: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
  readonly confirmation?: string;
}

export interface Invocation {
  readonly action: string;
  readonly input: unknown;
  /** True asks for the presentation for people beside the output, `only` for it in place of the output. */
  readonly view: boolean | 'only';
}

export interface InvocationResult {
  /** Of a call action; absent for a job and where only the view was asked for. */
  readonly output?: unknown;
  readonly view?: View;
  /** Of a job action: where to watch it. */
  readonly job?: Job;
  /** Of a stream action: nothing runs before it is iterated, and what runs ends with the iteration. */
  readonly stream?: AsyncIterable<StreamPiece>;
  /** Reports that did not stop it, such as warnings about the draft. */
  readonly reports: readonly Report[];
}

/** What core offers to every surface; the only thing the IPC router talks to. Roles are checked here, doors in the router. */
export interface CoreApi {
  /** Actions that the role may use, sorted by id. */
  describe(role: Role): Promise<readonly ActionDescriptor[]>;
  /** @throws ApplianceError `not-found`, `forbidden`, `invalid` with reports, and whatever the action throws. */
  invoke(invocation: Invocation, call: ActionCall): Promise<InvocationResult>;
  /** Events with this id prefix, and changes of retained status as `status.changed`. Viewers may see all. */
  subscribe(prefix: string, caller: Caller, listener: (event: PublishedEvent) => void): Disposable;
}
