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

/** Files that a caller wants to send for one field of an action's input. */
export interface UploadOrder {
  readonly action: string;
  readonly field: string;
  /** Names without folder. The first is the one that the field names, a second lies beside it. */
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

/** Under way. Ending it removes what came, unless its action has it by then. */
export interface OpenUpload extends AsyncDisposable {
  /** What the field of the input gets when all has come; of use to the same caller alone. */
  readonly value: string;
  /** The next piece of a file, in order, one at a time. @throws ApplianceError; all but `conflict` end the upload. */
  append(file: number, data: Uint8Array): Promise<void>;
}

/** What core offers to every surface; the only thing the IPC router talks to. Roles are checked here, doors in the router. */
export interface CoreApi {
  /** Actions that the role may use, sorted by id. */
  describe(role: Role): Promise<readonly ActionDescriptor[]>;
  /** @throws ApplianceError `not-found`, `forbidden`, `invalid` with reports, and whatever the action throws. */
  invoke(invocation: Invocation, call: ActionCall): Promise<InvocationResult>;
  /**
   * @param ended Called once, when it was taken by its action, given up or has failed.
   * @throws ApplianceError `not-found`, `forbidden` for a role that may not run the action, `invalid`, `storage`.
   */
  upload(order: UploadOrder, caller: Caller, ended: () => void): Promise<OpenUpload>;
  /** Events with this id prefix, and changes of retained status as `status.changed`. Viewers may see all. */
  subscribe(prefix: string, caller: Caller, listener: (event: PublishedEvent) => void): Disposable;
}
