import type { ActionDescriptor } from '../ipc/core-api.js';
import { callerFileRule, type CallerFileRule } from '../sdk/caller-file-rule.js';
import { isUpload, type UploadStore } from '../uploads/upload-store.js';

/** What an action needs of the files that were sent for it. */
export type Uploads = Pick<UploadStore, 'begin' | 'take' | 'remove'>;

/** The files that one run of an action has; they go with the end of the run, or with whoever they are handed to. */
export class TakenUploads implements AsyncDisposable {
  readonly #uploads: Uploads;
  #folders: string[] = [];

  constructor(uploads: Uploads) {
    this.#uploads = uploads;
  }

  get folders(): readonly string[] {
    return this.#folders;
  }

  /** The input as the action's `run` gets it: with a path in place of each upload. @throws ApplianceError as `UploadStore.take` does. */
  fill(input: unknown, descriptor: () => ActionDescriptor, caller: string): unknown {
    if (!isObject(input) || !Object.values(input).some(isUpload)) return input;
    const { id, input: schema } = descriptor();
    const filled: Record<string, unknown> = { ...input };
    for (const [field, value] of Object.entries(input)) {
      // any other text may begin like that
      if (!isUpload(value) || fileRule(schema, field) === undefined) continue;
      const { path, folder } = this.#uploads.take(value, field, id, caller);
      this.#folders.push(folder);
      filled[field] = path;
    }
    return filled;
  }

  /** They go to another owner, who ends them. */
  handOver(): TakenUploads {
    const other = new TakenUploads(this.#uploads);
    other.#folders = this.#folders.splice(0);
    return other;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of this.#folders.splice(0)) await this.#uploads.remove(folder);
  }
}

/** @param input JSON Schema of an action's input. */
export function fileRule(input: ActionDescriptor['input'], field: string): CallerFileRule | undefined {
  const properties = input['properties'];
  if (!isObject(properties) || !Object.hasOwn(properties, field)) return undefined;
  const schema = properties[field];
  return isObject(schema) ? callerFileRule(schema) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
