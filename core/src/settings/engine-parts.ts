import type { Clock, EventDefinition, FileStore, Logger, Report, Scope, UnitManager } from '../sdk/index.js';
import { ApplianceError } from '../sdk/index.js';
import type { SettingsDocument } from './document/document.js';
import type { Draft } from './draft/draft.js';
import { Partners } from './partners.js';
import { SectionRegistry } from './sections.js';
import { type Journal, JournalFile } from './store/journal.js';
import { OwnedFilesStore } from './store/owned-files.js';
import { RevisionStore } from './store/revision-store.js';
import type { Revision } from './store/revision.js';
import { SettingsFiles } from './store/settings-files.js';

/** What the engine needs of its surroundings. */
export interface EngineParts {
  readonly files: FileStore;
  readonly units: UnitManager;
  /** Its monotonic time must be the system's (CLOCK_MONOTONIC), comparable between processes of one boot. */
  readonly clock: Clock;
  readonly log: Logger;
  readonly publish: <Payload>(definition: EventDefinition<Payload>, payload: Payload) => void;
  readonly paths: { readonly stateFolder: string };
}

/** Everything the engine's pieces share. Only the piece that holds the engine's exclusive queue changes what is mutable. */
export class EngineState {
  readonly sections = new SectionRegistry();
  readonly store: SettingsFiles;
  readonly revisions: RevisionStore;
  readonly journal: JournalFile;
  readonly owned: OwnedFilesStore;
  readonly resetObstacles = new Set<() => Report | undefined>();
  readonly locks = new Set<{ readonly scope: Scope; readonly reason: () => Report | undefined }>();
  readonly partners = new Partners();

  draft: Draft | undefined;
  /** Present while a revision is being verified and applied; aborting it makes the activation roll back. */
  applying: AbortController | undefined;
  /** The present activation, or how the last one ended. */
  activation: Journal | undefined;
  /** What was found and mended at the last start. */
  recovery: readonly Report[] = [];
  /** Sections whose engine does not have the running settings, and why: by id. */
  readonly unapplied = new Map<string, string>();
  #confirmed: Revision | undefined;
  #running: Revision | undefined;

  constructor(readonly parts: EngineParts) {
    this.store = new SettingsFiles(parts.files, parts.paths.stateFolder, parts.clock);
    this.revisions = new RevisionStore(this.store);
    this.journal = new JournalFile(this.store);
    this.owned = new OwnedFilesStore(this.store);
  }

  get loaded(): boolean {
    return this.#confirmed !== undefined;
  }

  /** @throws ApplianceError `unavailable` before the engine has loaded. */
  get confirmed(): Revision {
    if (this.#confirmed === undefined) throw notLoaded();
    return this.#confirmed;
  }

  set confirmed(revision: Revision) {
    this.#confirmed = revision;
  }

  /** What the engines were last told. */
  get running(): Revision {
    return this.#running ?? this.confirmed;
  }

  set running(revision: Revision) {
    this.#running = revision;
  }

  /** True for a section that a document or the confirmed settings hold, loaded or not. */
  knows(document: SettingsDocument, id: string): boolean {
    return document.has(id) || this.confirmed.document.has(id);
  }

  /** The report of the first lock on a scope that is shut now. */
  lockOf(scope: Scope): Report | undefined {
    for (const lock of this.locks) {
      const report = lock.scope === scope ? lock.reason() : undefined;
      if (report !== undefined) return report;
    }
    return undefined;
  }

  async bootId(): Promise<string> {
    const text = await this.parts.files.read('/proc/sys/kernel/random/boot_id').catch(() => undefined);
    // Hosts without one (the sandbox) have no power loss either.
    return text?.trim() ?? 'none';
  }
}

function notLoaded(): ApplianceError {
  return new ApplianceError('unavailable', 'The settings are not loaded yet. Try again in a moment.');
}
