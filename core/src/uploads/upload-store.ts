import type { UploadOrder } from '../ipc/core-api.js';
import { type CallerFileRule, uploadPrefix } from '../sdk/caller-file-rule.js';
import { ApplianceError, type Clock, type FileStore, type Logger } from '../sdk/index.js';
import { uploadReports } from './reports.js';
import { goneError, newUploadId, refusal, Upload } from './upload.js';
import type { UploadFiles } from './upload-files.js';

const mebibyte = 1024 * 1024;
/** Stays free: the volume is also that of settings, the audit log and the journal. */
const reserveBytes = 256 * mebibyte;
/** Of a file system's name. */
const longestName = 255;

export interface UploadStoreParts {
  readonly files: FileStore;
  readonly media: UploadFiles;
  readonly clock: Clock;
  readonly log: Logger;
  /** `/var/lib/gemel/uploads`; below it a folder for each plugin, which only that one is granted, and in it one for each upload. */
  readonly folder: string;
}

/** Whose action it is for, and what the field takes. */
export interface UploadTarget {
  readonly owner: string;
  readonly rule: CallerFileRule;
}

/**
 * Large files that callers send for actions.
 *
 * INVARIANT: whatever lies below its folder belongs to an upload that is under way, to an action that runs, or to a job that has not
 * ended; all else goes at the next start of core.
 */
export class UploadStore implements AsyncDisposable {
  readonly #parts: UploadStoreParts;
  readonly #uploads = new Map<string, Upload>();

  constructor(parts: UploadStoreParts) {
    this.#parts = parts;
  }

  /** Removes what an earlier run of core left. @param kept Folders of jobs that go on. Never stops a start. */
  async tidy(kept: readonly string[]): Promise<void> {
    const { files, folder, log } = this.#parts;
    try {
      for (const owner of await files.list(folder)) {
        for (const id of await files.list(`${folder}/${owner}`)) {
          const path = `${folder}/${owner}/${id}`;
          if (!kept.includes(path)) await files.remove(path);
        }
      }
    } catch (failure) {
      log.error({ err: failure }, 'files that were sent to an earlier run of core could not be removed');
    }
  }

  /**
   * @param ended Called once, when it was taken, given up or has failed.
   * @throws ApplianceError `invalid`, `storage`; each with a report for the field.
   */
  async begin(order: UploadOrder, target: UploadTarget, caller: string, ended: () => void): Promise<Upload> {
    refuseUnfit(order, target.rule);
    const { folder, media, clock } = this.#parts;
    const id = newUploadId();
    const upload = new Upload(
      {
        order,
        caller,
        folder: `${folder}/${target.owner}/${id}`,
        media,
        clock,
        ended: ({ value }) => {
          this.#uploads.delete(value);
          ended();
        },
        remove: (path) => this.remove(path),
      },
      id,
    );
    const free = await media.room(folder);
    // From here to the entry in the map nothing waits: two that begin at once are not promised the same room.
    this.#needRoom(upload, free);
    this.#uploads.set(upload.value, upload);
    await upload.open();
    return upload;
  }

  /**
   * The files of a complete upload become the action's. @returns the path that the field gets, and the folder to remove when the action
   * has ended.
   * @throws ApplianceError `not-found` also when it is somebody else's or was sent for another action; `invalid` when something is missing.
   */
  take(
    value: string,
    field: string,
    action: string,
    caller: string,
  ): { readonly path: string; readonly folder: string } {
    const upload = this.#uploads.get(value);
    const order = upload?.parts.order;
    if (upload?.parts.caller !== caller || order?.action !== action || order.field !== field) throw goneError(field);
    return upload.take();
  }

  /** What cannot be removed now goes at the next start. */
  async remove(folder: string): Promise<void> {
    const { files, log } = this.#parts;
    await files.remove(folder).catch((failure: unknown) => {
      log.error({ folder, err: failure }, 'a file that was sent could not be removed');
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#uploads.values(), (upload) => upload[Symbol.asyncDispose]()));
  }

  #needRoom(upload: Upload, free: number): void {
    const promised = [...this.#uploads.values()].reduce((sum, { expected }) => sum + expected, 0);
    const usable = free - promised - reserveBytes;
    if (upload.expected <= usable) return;
    const { field, files } = upload.parts.order;
    const params = {
      field,
      name: files.at(-1)?.name ?? '',
      needed: Math.ceil(upload.expected / mebibyte),
      free: Math.max(0, Math.floor(usable / mebibyte)),
      folder: this.#parts.folder,
    };
    throw refusal(uploadReports.report('core.upload.no-room', params, field), 'storage');
  }
}

export function isUpload(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(uploadPrefix);
}

function refuseUnfit({ field, files }: UploadOrder, rule: CallerFileRule): void {
  const most = rule.beside === undefined ? 1 : 2;
  if (files.length === 0 || files.length > most)
    throw new ApplianceError(
      'invalid',
      `${field} takes ${most === 1 ? 'one file' : 'one file or two'}, not ${files.length}.`,
    );
  for (const [index, { name, bytes }] of files.entries()) {
    const reason = unfitName(name, index === 0 ? rule.ending : undefined, files.slice(0, index));
    if (reason !== undefined)
      throw refusal(uploadReports.report('core.upload.wrong-name', { field, name, reason }, field), 'invalid');
    if (bytes === 0) throw refusal(uploadReports.report('core.upload.empty', { field, name }, field), 'invalid');
  }
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes <= rule.mostBytes) return;
  const name = files.toSorted((a, b) => b.bytes - a.bytes)[0]?.name ?? '';
  const params = { field, name, bytes, most: rule.mostBytes };
  throw refusal(uploadReports.report('core.upload.too-large', params, field), 'invalid');
}

function unfitName(
  name: string,
  ending: string | undefined,
  before: readonly { readonly name: string }[],
): string | undefined {
  if (name === '' || name === '.' || name === '..' || /[/\p{Cc}]/u.test(name)) return 'it is no name of a file';
  if (Buffer.byteLength(name) > longestName) return `its name has more than ${longestName} bytes`;
  if (ending !== undefined && !name.endsWith(ending)) return `its name must end in ${ending}`;
  return before.some((other) => other.name === name) ? 'two files have this name' : undefined;
}
