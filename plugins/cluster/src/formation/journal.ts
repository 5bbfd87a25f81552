import type { FileStore } from '@gemel/core/sdk';
import { z } from 'zod';
import { clusterFolder } from '../membership/membership-service.js';
import { type Membership, membershipSchema } from '../membership/membership.js';
import { type PairFiles, pairFilesSchema } from './peer-requests.js';

/** What is under way: `create` and `connect` on the node that the operator works at, `join` on the other. */
export const journalKinds = ['create', 'connect', 'join'] as const;

const journalSchema = z.strictObject({
  kind: z.enum(journalKinds),
  /** The last step that was begun; undo takes back everything up to it. */
  step: z.string(),
  startedAt: z.number(),
  before: membershipSchema,
  /** As the cluster will be. */
  planned: membershipSchema,
  /** Content before, null where there was none. */
  files: z.record(z.string(), z.string().nullable()),
  /** Of `join`: what this node will write once the other one says so. */
  pending: pairFilesSchema.nullable(),
});
export type Journal = z.output<typeof journalSchema>;

const journalFile = `${clusterFolder}/transaction.json`;

/**
 * A change of the cluster that is all or nothing.
 *
 * INVARIANT: the journal is on disk before the first file is written, and each step before it is begun; it is removed after
 * the new membership is on disk, or after everything was taken back. Whoever finds one after a crash knows which.
 */
export class FormationJournal {
  #open: Journal | undefined;

  constructor(readonly files: FileStore) {}

  get open(): Journal | undefined {
    return this.#open;
  }

  /** @returns what a crash of core left behind; a damaged journal is no reason not to start. */
  async load(): Promise<Journal | undefined> {
    const text = await this.files.read(journalFile);
    if (text === undefined) return undefined;
    const parsed = journalSchema.safeParse(jsonOrNothing(text));
    if (parsed.success) this.#open = parsed.data;
    else await this.files.rename(journalFile, `${journalFile}.damaged`);
    return this.#open;
  }

  /** @param paths of the files that will be written. */
  async begin(
    kind: Journal['kind'],
    at: number,
    { before, planned }: { readonly before: Membership; readonly planned: Membership },
    paths: readonly string[],
    pending: PairFiles | null = null,
  ): Promise<void> {
    const files: Record<string, string | null> = {};
    for (const path of paths) files[path] = (await this.files.read(path)) ?? null;
    await this.#write({ kind, step: 'begun', startedAt: at, before, planned, files, pending });
  }

  async step(step: string): Promise<void> {
    if (this.#open === undefined) throw new Error('no change of the cluster is under way');
    await this.#write({ ...this.#open, step });
  }

  async restoreFiles(): Promise<void> {
    for (const [path, content] of Object.entries(this.#open?.files ?? {})) {
      if (content === null) await this.files.remove(path);
      else await this.files.write(path, content, { mode: 0o600 });
    }
  }

  async end(): Promise<void> {
    await this.files.remove(journalFile);
    this.#open = undefined;
  }

  async #write(journal: Journal): Promise<void> {
    // It holds the keys of before.
    await this.files.write(journalFile, `${JSON.stringify(journal)}\n`, { mode: 0o600 });
    this.#open = journal;
  }
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Torn by a failing disk; the caller sets it aside.
    return undefined;
  }
}
