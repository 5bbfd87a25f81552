import { type ApplyInput, type FileChange, type RenderedFile, type Report } from '../../sdk/index.js';
import type { EngineState } from '../engine-parts.js';
import { eachOf, limited, limits } from '../limits.js';
import { settingsReports } from '../reports.js';
import { reasonOf } from '../sections.js';
import type { OwnedFile } from '../store/owned-files.js';
import type { StoredRendering } from '../store/rendered-set.js';
import { prefixed, type SectionWork } from './assessment.js';
import type { RemovedSection } from './removed-section.js';

export type ApplyReason = ApplyInput<unknown, unknown>['reason'];

/** A section's work with the difference between its files and what is on the system. */
export interface PreparedSection extends SectionWork {
  readonly changes: readonly FileChange[];
}

/** Makes the system look like a rendering: files, then engines. Knows nothing of revisions. */
export class Applier {
  constructor(readonly state: EngineState) {}

  /**
   * Compares with the files on the system.
   * @param all The whole document's work: a file that another section takes over is not deleted.
   */
  async prepare(work: readonly SectionWork[], all: readonly SectionWork[] = work): Promise<readonly PreparedSection[]> {
    const claimed = new Set(all.flatMap(({ rendering }) => rendering.files.map((file) => file.path)));
    return Promise.all(
      work.map(async (each) => ({
        ...each,
        changes: await this.#compare(each.section.id, each.rendering.files, claimed),
      })),
    );
  }

  /** Records, durably and before the files are there, that the sections own these files as well. */
  async own(prepared: readonly { readonly id: string; readonly files: readonly RenderedFile[] }[]): Promise<void> {
    const owned = new Map(this.state.owned.owned);
    for (const { id, files } of prepared) {
      const before = owned.get(id) ?? new Map<string, OwnedFile>();
      const now = new Map(before);
      for (const file of files) {
        const known = before.get(file.path);
        now.set(file.path, sameOwnership(known, file) ? asOwned(file) : { ...asOwned(file), unsure: true });
      }
      owned.set(id, now);
    }
    await this.state.owned.save(owned);
  }

  /**
   * Forgets files that are gone, once nothing can bring them back.
   * @param removed Sections that have none any more.
   */
  async disown(
    renderings: ReadonlyMap<string, { readonly files: readonly RenderedFile[] }>,
    removed: readonly string[] = [],
  ): Promise<void> {
    const owned = new Map([...this.state.owned.owned].filter(([id]) => !removed.includes(id)));
    for (const [id, { files }] of renderings) owned.set(id, new Map(files.map((file) => [file.path, asOwned(file)])));
    await this.state.owned.save(owned);
  }

  /** @throws ApplianceError `storage`; what was begun is done, the rest is not. */
  async writeFiles(prepared: readonly PreparedSection[]): Promise<void> {
    const { files } = this.state.parts;
    const rendered = new Map(
      prepared.flatMap(({ rendering }) => rendering.files.map((file) => [file.path, file] as const)),
    );
    const changes = prepared.flatMap((each) => each.changes);
    await eachOf(changes, async (change) => {
      const file = rendered.get(change.path);
      if (change.kind === 'delete' || file === undefined) return files.remove(change.path);
      return files.write(file.path, file.content, asOwned(file));
    });
  }

  /** @throws ApplianceError `storage`; what was begun is done, the rest is not. */
  async removeFiles(removed: readonly RemovedSection[]): Promise<void> {
    const { files } = this.state.parts;
    await eachOf(
      removed.flatMap((section) => section.files),
      async ({ path }) => files.remove(path),
    );
  }

  /**
   * Tells one section's engine.
   * @throws whatever the section throws, `timeout`, `cancelled`.
   */
  async applySection(
    prepared: PreparedSection,
    reason: ApplyReason,
    signal?: AbortSignal,
    limitMs: number = limits.applyMs,
  ): Promise<void> {
    const { section } = prepared;
    const input = this.#input(prepared, reason);
    const run = async (inner: AbortSignal) => section.apply(input, inner);
    await limited(this.state.parts.clock, limitMs, `Applying ${section.id}`, run, signal);
    this.state.unapplied.delete(section.id);
  }

  /** All sections look at their result at once. */
  async probe(
    prepared: readonly PreparedSection[],
    reason: ApplyReason,
    signal: AbortSignal,
  ): Promise<readonly Report[]> {
    const reports = await Promise.all(
      prepared.map(async (each): Promise<readonly Report[]> => {
        const { id } = each.section;
        const run = async (inner: AbortSignal) => each.section.probe(this.#input(each, reason), inner);
        try {
          const found = await limited(this.state.parts.clock, limits.probeMs, `Testing ${id}`, run, signal);
          return found.map((report) => prefixed(id, report));
        } catch (thrown) {
          return [settingsReports.report('settings.probe.failed', { section: id, reason: reasonOf(thrown) }, id)];
        }
      }),
    );
    return reports.flat();
  }

  /**
   * Puts a section's stored files back and lets its units look at them: for a section whose plugin cannot do it itself.
   * @param claimed Files of other sections, which are not deleted.
   * @throws ApplianceError of the first file or unit that failed.
   */
  async restore(id: string, stored: StoredRendering, claimed: ReadonlySet<string>): Promise<void> {
    const { files, units } = this.state.parts;
    const changes = await this.#compare(id, stored.files, claimed);
    await this.own([{ id, files: stored.files }]);
    const byPath = new Map(stored.files.map((file) => [file.path, file]));
    await eachOf(changes, async ({ path }) => {
      const file = byPath.get(path);
      return file === undefined ? files.remove(path) : files.write(path, file.content, asOwned(file));
    });
    for (const unit of stored.units) await units.reloadOrRestart(unit);
  }

  async #compare(
    id: string,
    wanted: readonly RenderedFile[],
    claimed: ReadonlySet<string>,
  ): Promise<readonly FileChange[]> {
    const { files } = this.state.parts;
    const owned = this.state.owned.owned.get(id) ?? new Map<string, OwnedFile>();
    const present = new Set(wanted.map((file) => file.path));
    const obsolete = [...owned.keys()].filter((path) => !present.has(path) && !claimed.has(path));
    const changes: (FileChange | undefined)[] = Array.from({ length: wanted.length + obsolete.length });
    await eachOf([...wanted.entries()], async ([index, file]) => {
      const before = await files.read(file.path);
      if (before === file.content && sameOwnership(owned.get(file.path), file)) return;
      const kind = before === undefined ? 'create' : 'change';
      changes[index] = { path: file.path, kind, before, after: file.content };
    });
    await eachOf([...obsolete.entries()], async ([index, path]) => {
      const before = await files.read(path);
      if (before !== undefined) changes[wanted.length + index] = { path, kind: 'delete', before, after: undefined };
    });
    return changes.filter((change) => change !== undefined);
  }

  #input(prepared: PreparedSection, reason: ApplyReason): ApplyInput<unknown, unknown> {
    const { settings, facts, rendering, changes } = prepared;
    return {
      settings,
      facts,
      rendering,
      changes,
      reason,
      document: this.state.sections.reader(this.state.running.document),
    };
  }
}

function asOwned(file: RenderedFile): OwnedFile {
  return {
    ...(file.mode === undefined ? {} : { mode: file.mode }),
    ...(file.group === undefined ? {} : { group: file.group }),
  };
}

/** Unknown ownership is taken as right: a boot restores files with theirs. */
function sameOwnership(owned: OwnedFile | undefined, file: RenderedFile): boolean {
  if (owned === undefined) return true;
  return owned.unsure !== true && owned.mode === file.mode && owned.group === file.group;
}

export function applyFailure(id: string, thrown: unknown): Report {
  return settingsReports.report('settings.apply.failed', { section: id, reason: `${reasonOf(thrown)}.` }, id);
}
