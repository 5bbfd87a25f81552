import { ApplianceError, type FileStore } from '@gemel/core/sdk';
import { clusterFolder } from '../membership/membership-service.js';
import type { Journal } from './journal-schema.js';
import type { PairFiles } from './peer-requests.js';

export const journalFile = `${clusterFolder}/transaction.json`;

/**
 * A change of the cluster that is all or nothing.
 *
 * INVARIANT: the journal is on disk before the first file is written, and each step before it is begun; it is removed after
 * the new membership is on disk, or after everything was taken back. Whoever finds one after a crash knows which.
 */
export class FormationJournal {
  #open: Journal | undefined;
  /** Being written: its turn is taken. */
  #begun: Pick<Journal, 'kind' | 'planned'> | undefined;

  constructor(readonly files: FileStore) {}

  get open(): Journal | undefined {
    return this.#open;
  }

  /** One change at a time. @throws ApplianceError `conflict`, which may be shown on the other node. */
  mustBeClosed(): void {
    const taken = this.#open ?? this.#begun;
    if (taken === undefined) return;
    const { kind, planned } = taken;
    const isStuck =
      kind === 'configure'
        ? ' Or one that failed is taken back as soon as the other node answers: switch that on, or replace it (gemel cluster replace).'
        : '';
    throw new ApplianceError(
      'conflict',
      `A change of the cluster is under way already on ${planned.thisNode}.${isStuck}`,
    );
  }

  /** @returns what a crash of core left behind; a damaged journal is no reason not to start. */
  async load(): Promise<Journal | undefined> {
    const text = await this.files.read(journalFile);
    if (text === undefined) return undefined;
    const { journalSchema } = await import('./journal-schema.js');
    const parsed = journalSchema.safeParse(jsonOrNothing(text));
    if (parsed.success) this.#open = parsed.data;
    else await this.files.rename(journalFile, `${journalFile}.damaged`);
    return this.#open;
  }

  /** @param paths of the files that will be written. @throws ApplianceError `conflict` while another change is under way. */
  async begin(
    kind: Journal['kind'],
    at: number,
    { before, planned, controllers }: Pick<Journal, 'before' | 'planned' | 'controllers'>,
    paths: readonly string[],
    pending: PairFiles | null = null,
  ): Promise<void> {
    this.mustBeClosed();
    this.#begun = { kind, planned };
    try {
      const files: Record<string, string | null> = {};
      for (const path of paths) files[path] = (await this.files.read(path)) ?? null;
      await this.#write({ kind, step: 'begun', startedAt: at, before, planned, files, pending, controllers });
    } finally {
      this.#begun = undefined;
    }
  }

  async step(step: string): Promise<void> {
    if (this.#open === undefined) throw new Error('no change of the cluster is under way');
    await this.#write({ ...this.#open, step });
  }

  async restoreFiles(): Promise<void> {
    const open = this.#open;
    for (const [path, content] of Object.entries(open?.files ?? {})) {
      // Whoever ended it meanwhile has other files in mind.
      if (this.#open !== open) return;
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

/** Of a journal's text, for whoever only looks; undefined when it is damaged. */
export function journalKind(text: string): unknown {
  const journal = jsonOrNothing(text);
  return typeof journal === 'object' && journal !== null && 'kind' in journal ? journal.kind : undefined;
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Torn by a failing disk; the caller sets it aside.
    return undefined;
  }
}
