import { archiveText } from './archive.js';
import { crc32 } from './crc32.js';
import { allFiles, parseRendered, renderedText, type RenderedSet } from './rendered-set.js';
import { type Outcome, outcomeSchema, type Revision, type RevisionMeta, revisionMetaSchema } from './revision.js';
import { allDone, type SettingsFiles } from './settings-files.js';
import { documentText, jsonText, parseDocument, type SettingsDocument } from '../document/document.js';

/** Revisions that stay; older ones are removed when a new one is confirmed. */
const keptRevisions = 100;

const link = 'confirmed';
const folder = 'revisions';

/**
 * Revisions on disk, `revisions/<number>/`: `document.json`, `meta.json` with its checksum, `rendered.json` and `rendered.tar`
 * (what the document came to on this machine), and `outcome.json` when its activation ended. `confirmed` is a symbolic link
 * to one of them; swapping it is the moment at which a revision is confirmed.
 */
export class RevisionStore {
  readonly #metas = new Map<number, RevisionMeta>();
  readonly #outcomes = new Map<number, Outcome>();

  constructor(readonly files: SettingsFiles) {}

  async numbers(): Promise<readonly number[]> {
    const names = await this.files.files.list(this.files.path(folder));
    return names
      .filter((name) => /^[1-9]\d*$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  }

  /** The number the link points to; undefined when there is no link or it points elsewhere. */
  async confirmedNumber(): Promise<number | undefined> {
    const target = await this.files.files.readLink(this.files.path(link));
    const match = /^revisions\/([1-9]\d*)$/.exec(target ?? '');
    return match === null ? undefined : Number(match[1]);
  }

  /** Returns when it is durable. */
  confirm(number: number): Promise<void> {
    return this.files.files.link(`${folder}/${number}`, this.files.path(link));
  }

  /** @returns undefined when the revision is absent, incomplete or damaged; damaged files are moved aside. */
  async read(number: number): Promise<Revision | undefined> {
    const meta = await this.meta(number);
    if (meta === undefined) return undefined;
    const document = await this.files.read(`${folder}/${number}/document.json`, (text) => {
      if (crcOf(text) !== meta.checksum) throw new Error('its checksum does not match');
      return parseDocument(text);
    });
    return document === undefined ? undefined : { meta, document };
  }

  async meta(number: number): Promise<RevisionMeta | undefined> {
    const known = this.#metas.get(number);
    if (known !== undefined) return known;
    const meta = await this.files.read(`${folder}/${number}/meta.json`, (text) => {
      const parsed = revisionMetaSchema.parse(JSON.parse(text));
      if (parsed.number !== number) throw new Error('it belongs to another revision');
      return parsed;
    });
    if (meta !== undefined) this.#metas.set(number, meta);
    return meta;
  }

  async outcome(number: number): Promise<Outcome | undefined> {
    const known = this.#outcomes.get(number);
    if (known !== undefined) return known;
    const outcome = await this.files.read(`${folder}/${number}/outcome.json`, (text) =>
      outcomeSchema.parse(JSON.parse(text)),
    );
    if (outcome !== undefined) this.#outcomes.set(number, outcome);
    return outcome;
  }

  async setOutcome(number: number, outcome: Outcome): Promise<void> {
    await this.files.write(`${folder}/${number}/outcome.json`, jsonText(outcome));
    this.#outcomes.set(number, outcome);
  }

  /** Writes a new revision whole; its parts go together because the file system then makes them durable together. */
  async write(
    meta: Omit<RevisionMeta, 'checksum'>,
    document: SettingsDocument,
    rendered: RenderedSet,
  ): Promise<Revision> {
    const text = documentText(document);
    const complete: RevisionMeta = { ...meta, checksum: crcOf(text) };
    await allDone([
      this.files.write(`${folder}/${meta.number}/document.json`, text),
      this.files.write(`${folder}/${meta.number}/meta.json`, jsonText(complete)),
      this.#writeRendered(meta.number, meta.at, rendered),
    ]);
    this.#metas.set(meta.number, complete);
    return { meta: complete, document };
  }

  async rendered(number: number): Promise<RenderedSet> {
    return (await this.files.read(`${folder}/${number}/rendered.json`, parseRendered)) ?? new Map();
  }

  /** What a revision comes to may change with the software and the hardware; boot must find the latest. */
  async refreshRendered(revision: Revision, rendered: RenderedSet): Promise<void> {
    const { number, at } = revision.meta;
    const { files } = this.files;
    const [json, tar] = await Promise.all([
      files.read(this.files.path(`${folder}/${number}/rendered.json`)).catch(() => undefined),
      files.read(this.files.path(`${folder}/${number}/rendered.tar`)).catch(() => undefined),
    ]);
    if (json === renderedText(rendered) && tar === archiveText(allFiles(rendered), at)) return;
    await this.#writeRendered(number, at, rendered);
  }

  async remove(number: number): Promise<void> {
    this.#metas.delete(number);
    this.#outcomes.delete(number);
    await this.files.remove(`${folder}/${number}`);
  }

  /** Forgets history, with the secrets in it. */
  async removeBefore(number: number): Promise<void> {
    for (const older of await this.numbers()) if (older < number) await this.remove(older);
  }

  /** Removes the oldest beyond what is kept, never one of `needed`. */
  async prune(needed: ReadonlySet<number>, keep = keptRevisions): Promise<void> {
    const numbers = await this.numbers();
    const superfluous = numbers.slice(0, Math.max(0, numbers.length - keep)).filter((number) => !needed.has(number));
    for (const number of superfluous) await this.remove(number);
  }

  /**
   * The newest undamaged revision that was in force once: its outcome says so, or a later one was made while it was.
   * For the day on which the link or what it points to is damaged.
   */
  async lastGood(): Promise<Revision | undefined> {
    const numbers = (await this.numbers()).toReversed();
    const parents = new Set<number>();
    for (const number of numbers) {
      const parent = (await this.meta(number))?.parent;
      if (parent !== undefined && parent !== null) parents.add(parent);
    }
    for (const number of numbers) {
      if (!parents.has(number) && (await this.outcome(number))?.state !== 'confirmed') continue;
      const revision = await this.read(number);
      if (revision !== undefined) return revision;
    }
    return undefined;
  }

  async #writeRendered(number: number, at: number, rendered: RenderedSet): Promise<void> {
    await allDone([
      this.files.write(`${folder}/${number}/rendered.json`, renderedText(rendered)),
      this.files.write(`${folder}/${number}/rendered.tar`, archiveText(allFiles(rendered), at)),
    ]);
  }
}

/** It finds damage, and nothing else is asked of it: SHA-256 would cost each start 6 ms for loading node:crypto. */
function crcOf(text: string): string {
  return crc32(Buffer.from(text)).toString(16).padStart(8, '0');
}
