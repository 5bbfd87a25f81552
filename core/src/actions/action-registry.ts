import type { z } from 'zod';
import type { ActionDescriptor, Invocation, InvocationResult, OpenUpload, UploadOrder } from '../ipc/core-api.js';
import type { JobRegistry } from '../jobs/job-registry.js';
import {
  type AnyAction,
  type ActionCall,
  ApplianceError,
  asApplianceError,
  type Caller,
  type Clock,
  type Role,
  roles,
  toDisposable,
} from '../sdk/index.js';
import type { StreamPiece } from '../sdk/actions.js';
import { issueText } from '../kernel/issue-text.js';
import { inputReports, jsonSchemaOf } from './action-schema.js';
import { OwnerWork } from './owner-work.js';
import { fileRule, TakenUploads, type Uploads } from './taken-uploads.js';

/** Keeps the record of who did what; a failing record stops an audited action before it runs. */
export interface AuditTrail {
  /** On disk when it resolves. @returns the id of the record. @throws ApplianceError `storage`. */
  begin(entry: AuditEntry): Promise<string>;
  /** Once what was begun has really ended; a record without an end says `unfinished`. Never throws. */
  end(record: string, outcome: 'done' | 'failed', message: string): Promise<void>;
  /** Asked for by somebody without the role. Never throws; a caller who is refused often is not recorded each time. */
  refused(entry: AuditEntry, message: string): Promise<void>;
}

export interface AuditEntry {
  readonly caller: string;
  readonly surface: string;
  readonly action: string;
  readonly input: unknown;
  readonly schema: z.ZodType;
}

interface Later {
  readonly owner: string;
  readonly provides: (id: string) => boolean;
  readonly load: () => Promise<void>;
  loading: Promise<void> | undefined;
}

interface Registered {
  readonly owner: string;
  readonly action: AnyAction;
  descriptor: ActionDescriptor | undefined;
}

const defaultTimeoutMs = 30_000;

/** All actions of core and the plugins. Checks role and input, audits, limits time, starts jobs. */
export class ActionRegistry {
  readonly #actions = new Map<string, Registered>();
  readonly #later = new Set<Later>();
  readonly #work = new Map<string, OwnerWork>();

  constructor(
    readonly jobs: JobRegistry,
    readonly audit: AuditTrail,
    readonly clock: Clock,
    readonly uploads: Uploads,
  ) {}

  add(owner: string, action: AnyAction): Disposable {
    const isTaken = [...this.#later].some((later) => later.owner !== owner && later.provides(action.id));
    if (isTaken || this.#actions.has(action.id))
      throw new ApplianceError('conflict', `Action ${action.id} is already provided.`);
    const work = this.#work.get(owner) ?? new OwnerWork(owner);
    this.#work.set(owner, work);
    this.#actions.set(action.id, { owner, action: work.joined(action), descriptor: undefined });
    return toDisposable(() => this.#actions.delete(action.id));
  }

  /**
   * @param provides Whether an action is one of them.
   * @param load Adds them by `add`; called once, when one of them is asked for, or all are. Must not throw.
   */
  addLater(owner: string, provides: (id: string) => boolean, load: () => Promise<void>): Disposable {
    const later: Later = { owner, provides, load, loading: undefined };
    this.#later.add(later);
    return toDisposable(() => this.#later.delete(later));
  }

  /** Before an owner that has ended adds actions again. */
  begin(owner: string): void {
    this.#work.set(owner, new OwnerWork(owner));
  }

  /** Before the owner's parts end: what runs of its actions is aborted and waited for, and no more is begun until it begins again. */
  async end(owner: string): Promise<void> {
    await this.#work.get(owner)?.end(this.clock);
  }

  async find(id: string): Promise<AnyAction | undefined> {
    return (await this.#registered(id))?.action;
  }

  async describe(role: Role): Promise<readonly ActionDescriptor[]> {
    await this.#load([...this.#later]);
    return [...this.#actions.values()]
      .filter(({ action }) => mayUse(role, action.role))
      .map((registered) => describeOnce(registered))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async invoke(invocation: Invocation, call: ActionCall): Promise<InvocationResult> {
    const registered = await this.#known(invocation.action);
    const { action } = registered;
    const parsed = action.input.safeParse(invocation.input ?? {}, { error: issueText });
    // Only what fits the schema has its secrets in known places.
    await this.#needRole(action, call.caller, parsed.success ? parsed.data : '(not valid)');
    if (!parsed.success) {
      const reports = inputReports(parsed.error);
      throw new ApplianceError('invalid', `The input of ${action.id} is not valid.`, { reports });
    }
    if (action.kind === 'call') action.admit?.(parsed.data, call);
    await using taken = new TakenUploads(this.uploads);
    const input = taken.fill(parsed.data, () => describeOnce(registered), call.caller.name);
    const record = action.audited === false ? undefined : await this.audit.begin(entryOf(action, call.caller, input));
    const reports: InvocationResult['reports'] = [];
    if (action.kind === 'job') {
      const folders = taken.folders;
      const job = await this.#failing(record, () => this.jobs.start(action, input, call.caller, { folders, record }));
      taken.handOver(); // to the job, which removes them
      return { job, reports };
    }
    if (action.kind === 'stream') return { stream: this.#recordedPieces(record, action.run(input, call)), reports };
    const run = async (signal: AbortSignal) => {
      await using _files = taken.handOver();
      return await this.#recorded(record, signal, async () => action.run(input, { caller: call.caller, signal }));
    };
    const output = await withTimeLimit(this.clock, action.timeoutMs ?? defaultTimeoutMs, action.id, call.signal, run);
    return {
      ...(invocation.view === 'only' ? {} : { output }),
      ...(invocation.view === false ? {} : { view: action.present(output) }),
      reports,
    };
  }

  /** Begins to take files for an action. @throws ApplianceError as `invoke` does for who may not run it, and as `UploadStore.begin`. */
  async upload(order: UploadOrder, caller: Caller, ended: () => void): Promise<OpenUpload> {
    const registered = await this.#known(order.action);
    await this.#needRole(registered.action, caller, '(a file)');
    const rule = fileRule(describeOnce(registered).input, order.field);
    // whose run has no end of which core knows: nothing would remove it
    if (rule === undefined || registered.action.kind === 'stream') {
      throw new ApplianceError('invalid', `${order.action} takes no file as ${order.field}.`);
    }
    return this.uploads.begin(order, { owner: registered.owner, rule }, caller.name, ended);
  }

  async #registered(id: string): Promise<Registered | undefined> {
    if (!this.#actions.has(id)) await this.#load([...this.#later].filter((later) => later.provides(id)));
    return this.#actions.get(id);
  }

  /** @throws ApplianceError `not-found`. */
  async #known(id: string): Promise<Registered> {
    const registered = await this.#registered(id);
    if (registered === undefined) throw new ApplianceError('not-found', `There is no action ${id}. See: gemel help.`);
    return registered;
  }

  /** Who may not is recorded, with what he asked for. @throws ApplianceError `forbidden`. */
  async #needRole(action: AnyAction, caller: Caller, input: unknown): Promise<void> {
    if (mayUse(caller.role, action.role)) return;
    const message = `${action.id} needs the role ${action.role}; ${caller.name} has the role ${caller.role}.`;
    await this.audit.refused(entryOf(action, caller, input), message);
    throw new ApplianceError('forbidden', message);
  }

  async #load(wanted: readonly Later[]): Promise<void> {
    const loading = wanted.map(async (later) => {
      later.loading ??= later.load();
      await later.loading;
      this.#later.delete(later);
    });
    await Promise.all(loading);
  }

  /**
   * Runs what is to be recorded with how it ends. Whoever asked can have been answered long before that, because he left or the time
   * was over: then the record stays open until the work itself has ended. What nobody waits for any more at its turn is not begun.
   */
  async #recorded<Result>(
    record: string | undefined,
    signal: AbortSignal,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const result = await this.#failing(record, async () => {
      signal.throwIfAborted();
      return work();
    });
    const told = signal.aborted ? `its caller was told before: ${asApplianceError(signal.reason).message}` : '';
    if (record !== undefined) await this.audit.end(record, 'done', told);
    return result;
  }

  async *#recordedPieces(record: string | undefined, pieces: AsyncIterable<StreamPiece>): AsyncIterable<StreamPiece> {
    let end: readonly ['done' | 'failed', string] = ['failed', 'cancelled: its reader left before the end.'];
    try {
      yield* pieces;
      end = ['done', ''];
    } catch (thrown) {
      const failure = asApplianceError(thrown);
      end = ['failed', `${failure.code}: ${failure.message}`];
      throw failure;
    } finally {
      if (record !== undefined) await this.audit.end(record, ...end);
    }
  }

  async #failing<Result>(record: string | undefined, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (thrown) {
      const failure = asApplianceError(thrown);
      if (record !== undefined) await this.audit.end(record, 'failed', `${failure.code}: ${failure.message}`);
      throw failure;
    }
  }
}

/** Runs with a signal that also ends at the limit; a run that ignores the signal is left behind, not waited for. */
export async function withTimeLimit<Result>(
  clock: Clock,
  limitMs: number,
  what: string,
  outer: AbortSignal,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const inner = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const stop = (failure: ApplianceError) => {
    inner.abort(failure);
    reject(failure);
  };
  const cancelled = () => stop(new ApplianceError('cancelled', `${what} was cancelled.`));
  using _limit = clock.after(limitMs, () =>
    stop(new ApplianceError('timeout', `${what} did not end within ${limitMs / 1_000} s.`)),
  );
  if (outer.aborted) cancelled();
  outer.addEventListener('abort', cancelled, { once: true });
  try {
    return await Promise.race([run(inner.signal), ended]);
  } finally {
    outer.removeEventListener('abort', cancelled);
  }
}

export function mayUse(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

function entryOf(action: AnyAction, { name, surface }: Caller, input: unknown): AuditEntry {
  return { caller: name, surface, action: action.id, input, schema: action.input };
}

function describeOnce(registered: Registered): ActionDescriptor {
  const { action, owner } = registered;
  registered.descriptor ??= {
    id: action.id,
    plugin: owner,
    kind: action.kind,
    summary: action.summary,
    role: action.role,
    input: jsonSchemaOf(action.input, 'input'),
    output: jsonSchemaOf(action.output, 'output'),
    positionals: action.positionals ?? [],
    ...(action.confirmation === undefined ? {} : { confirmation: action.confirmation }),
  };
  return registered.descriptor;
}
