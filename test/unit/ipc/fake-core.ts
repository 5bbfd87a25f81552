import type {
  ActionDescriptor,
  CoreApi,
  Invocation,
  InvocationResult,
  OpenUpload,
  UploadOrder,
} from '#core/ipc/core-api.js';
import {
  type ActionCall,
  ApplianceError,
  type Caller,
  type PublishedEvent,
  type Role,
  roles,
} from '#core/sdk/index.js';

export interface FakeAction {
  readonly descriptor: ActionDescriptor;
  run(input: Readonly<Record<string, unknown>>, call: ActionCall): InvocationResult | Promise<InvocationResult>;
}

/** Core as surfaces see it, with actions made up by a test. */
export class FakeCore implements CoreApi {
  readonly callers: Caller[] = [];
  readonly invocations: Invocation[] = [];
  readonly #actions: readonly FakeAction[];
  readonly #listeners = new Set<{ readonly prefix: string; listener(event: PublishedEvent): void }>();
  #sequence = 0;

  constructor(actions: readonly FakeAction[] = []) {
    this.#actions = actions;
  }

  get subscribers(): number {
    return this.#listeners.size;
  }

  async describe(role: Role): Promise<readonly ActionDescriptor[]> {
    return this.#actions
      .map(({ descriptor }) => descriptor)
      .filter((descriptor) => roles.indexOf(role) >= roles.indexOf(descriptor.role));
  }

  async invoke(invocation: Invocation, call: ActionCall): Promise<InvocationResult> {
    this.callers.push(call.caller);
    this.invocations.push(invocation);
    const action = this.#actions.find(({ descriptor }) => descriptor.id === invocation.action);
    if (action === undefined) throw new ApplianceError('not-found', `There is no action ${invocation.action}.`);
    // the fake's actions take objects only
    return await action.run(invocation.input as Readonly<Record<string, unknown>>, call);
  }

  async upload(_order: UploadOrder, _caller: Caller, _ended: () => void): Promise<OpenUpload> {
    throw new ApplianceError('unavailable', 'This core takes no files.');
  }

  subscribe(prefix: string, _caller: Caller, listener: (event: PublishedEvent) => void): Disposable {
    const entry = { prefix, listener };
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  publish(id: string, payload: unknown = {}): void {
    this.#sequence += 1;
    const event: PublishedEvent = { id, at: 1_000, sequence: this.#sequence, source: 'core', payload };
    for (const { prefix, listener } of this.#listeners) if (id.startsWith(prefix)) listener(event);
  }
}

/** A descriptor with everything a test does not care about filled in. */
export function descriptor(id: string, parts: Partial<ActionDescriptor> = {}): ActionDescriptor {
  const input = { type: 'object', properties: {} };
  return {
    id,
    plugin: 'test',
    kind: 'call',
    summary: `Does ${id}.`,
    role: 'viewer',
    input,
    output: {},
    positionals: [],
    ...parts,
  };
}

export const echo: FakeAction = {
  descriptor: descriptor('test.echo'),
  run: (input) => ({ output: input, reports: [] }),
};
