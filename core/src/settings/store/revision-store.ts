import { crc32 } from 'node:zlib';
import { archiveText } from './archive.js';
import { allFiles, parseRendered, renderedText, type RenderedSet } from './rendered-set.js';
import { type Outcome, outcomeSchema, type Revision, type RevisionMeta, revisionMetaSchema } from './revision.js';
import { allDone, type SettingsFiles } from './settings-files.js';
import { documentText, jsonText, parseDocument, type SettingsDocument } from '../document/document.js';

/** Revisions that were in force and stay; older ones are removed when an activation has ended. */
const keptRevisions = 100;
/** Of those that came to nothing: enough to see what was tried, and a program that tries again and again pushes out none that worked. */
const keptAttempts = 20;

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
  async prune(needed: ReadonlySet<number>): Promise<void> {
    const numbers = await this.numbers();
    if (numbers.length <= keptAttempts) return;
    const good = await this.#onceInForce(numbers);
    const [worked, attempts] = [numbers.filter((each) => good.has(each)), numbers.filter((each) => !good.has(each))];
    const superfluous = [
      ...worked.slice(0, Math.max(0, worked.length - keptRevisions)),
      ...attempts.slice(0, Math.max(0, attempts.length - keptAttempts)),
    ];
    for (const number of superfluous) if (!needed.has(number)) await this.remove(number);
  }

  /** The newest undamaged revision that was in force once. For the day on which the link or what it points to is damaged. */
  async lastGood(): Promise<Revision | undefined> {
    const numbers = await this.numbers();
    const good = await this.#onceInForce(numbers);
    for (const number of numbers.toReversed()) {
      const revision = good.has(number) ? await this.read(number) : undefined;
      if (revision !== undefined) return revision;
    }
    return undefined;
  }

  /** Those whose outcome says that they were confirmed, and those that were when a later one was made. */
  async #onceInForce(numbers: readonly number[]): Promise<ReadonlySet<number>> {
    const found = await Promise.all(
      numbers.map(async (number) => {
        const [outcome, meta] = await Promise.all([this.outcome(number), this.meta(number)]);
        return [outcome?.state === 'confirmed' ? number : undefined, meta?.parent ?? undefined];
      }),
    );
    return new Set(found.flat().filter((number) => number !== undefined));
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
  return crc32(text).toString(16).padStart(8, '0');
}
