import { randomBytes } from 'node:crypto';
import type { OpenUpload, UploadOrder } from '../ipc/core-api.js';
import { uploadPrefix } from '../sdk/caller-file-rule.js';
import { ApplianceError, asApplianceError, type Clock, type ErrorCode, type Report } from '../sdk/index.js';
import { uploadReports } from './reports.js';
import type { GrowingFile, UploadFiles } from './upload-files.js';

/** A person who was called away comes back before this, and what a broken client left does not lie there for ever. */
const idleMinutes = 10;

interface Part {
  readonly name: string;
  readonly bytes: number;
  readonly file: GrowingFile;
  received: number;
}

export interface UploadParts {
  readonly order: UploadOrder;
  /** Who sends it. */
  readonly caller: string;
  /** Folder of its own, which goes with it. */
  readonly folder: string;
  readonly media: UploadFiles;
  readonly clock: Clock;
  /** Once, when it is taken or given up: it is nobody's any more. */
  readonly ended: (upload: Upload) => void;
  /** Never throws. */
  readonly remove: (folder: string) => Promise<void>;
}

/**
 * The files that a caller sends for one field of one action.
 *
 * INVARIANT: it is either under way, or taken by its action, or removed with all that came of it. A piece that cannot be kept ends it.
 */
export class Upload implements OpenUpload {
  readonly value: string;
  readonly parts: UploadParts;
  readonly #files: Part[] = [];
  #writing: Promise<void> | undefined;
  #limit: Disposable | undefined;
  #ended = false;
  #gone: Promise<void> | undefined;

  constructor(parts: UploadParts, id: string) {
    this.value = uploadPrefix + id;
    this.parts = parts;
  }

  /** Bytes that are still to come, for which there must be room. */
  get expected(): number {
    const { files } = this.parts.order;
    const received = this.#files.reduce((sum, part) => sum + part.received, 0);
    return files.reduce((sum, { bytes }) => sum + bytes, 0) - received;
  }

  /** Makes the files. @throws ApplianceError `storage`. */
  async open(): Promise<void> {
    const { folder, media, order } = this.parts;
    for (const { name, bytes } of order.files) {
      try {
        this.#files.push({ name, bytes, file: await media.create(`${folder}/${name}`), received: 0 });
      } catch (failure) {
        throw await this.#giveUp(this.#notStored(name, failure), 'storage');
      }
    }
    this.#listen();
  }

  async append(index: number, data: Uint8Array): Promise<void> {
    if (this.#ended) throw goneError(this.parts.order.field);
    const part = this.#files[index];
    if (part === undefined) throw new ApplianceError('invalid', `There is no file ${index} in this upload.`);
    if (this.#writing !== undefined) throw new ApplianceError('conflict', 'Send one piece at a time.');
    const { name, bytes } = part;
    if (part.received + data.length > bytes) {
      const { field } = this.parts.order;
      throw await this.#giveUp(uploadReports.report('core.upload.too-long', { field, name, bytes }, field), 'invalid');
    }
    this.#listen();
    this.#writing = this.#write(part, data);
    try {
      await this.#writing;
    } catch (failure) {
      throw await this.#giveUp(this.#notStored(name, failure), 'storage');
    } finally {
      this.#writing = undefined;
    }
  }

  /** Hands the files over: whoever takes them removes their folder. @throws ApplianceError `invalid` while something is missing. */
  take(): { readonly path: string; readonly folder: string } {
    const { order, folder } = this.parts;
    const { field } = order;
    for (const { name, bytes, received } of this.#files) {
      if (received === bytes && this.#writing === undefined) continue;
      throw refusal(uploadReports.report('core.upload.incomplete', { field, name, bytes, received }, field), 'invalid');
    }
    this.#end();
    return { path: `${folder}/${order.files[0]?.name ?? ''}`, folder };
  }

  /** Removes what came, unless it was taken. Resolves when nothing is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) {
      this.#end();
      this.#gone = this.#remove();
    }
    await this.#gone;
  }

  async #write(part: Part, data: Uint8Array): Promise<void> {
    await part.file.append(data);
    part.received += data.length;
    // whoever takes it may need it again after a power loss, as a rolling update does
    if (part.received === part.bytes) await part.file.finish();
  }

  #end(): void {
    this.#ended = true;
    this.#limit?.[Symbol.dispose]();
    this.#limit = undefined;
    this.parts.ended(this);
  }

  async #remove(): Promise<void> {
    await this.#writing?.catch(() => undefined); // its own caller is told
    for (const { file } of this.#files) await file.close();
    await this.parts.remove(this.parts.folder);
  }

  /** Begins the time again in which a next piece must come, or the action. */
  #listen(): void {
    this.#limit?.[Symbol.dispose]();
    this.#limit = this.#ended
      ? undefined
      : this.parts.clock.after(idleMinutes * 60_000, () => void this[Symbol.asyncDispose]());
  }

  async #giveUp(report: Report, code: ErrorCode): Promise<ApplianceError> {
    await this[Symbol.asyncDispose]();
    return refusal(report, code);
  }

  #notStored(name: string, failure: unknown): Report {
    const { field } = this.parts.order;
    const params = { field, name, reason: asApplianceError(failure).message };
    return uploadReports.report('core.upload.not-stored', params, field);
  }
}

export function newUploadId(): string {
  return randomBytes(16).toString('hex');
}

export function goneError(field: string): ApplianceError {
  return refusal(uploadReports.report('core.upload.gone', { field, minutes: idleMinutes }, field), 'not-found');
}

export function refusal(report: Report, code: ErrorCode): ApplianceError {
  return new ApplianceError(code, report.text, { reports: [report] });
}
