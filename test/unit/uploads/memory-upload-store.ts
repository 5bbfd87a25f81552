import type { Logger } from '#core/sdk/index.js';
import { memoryUploads } from '#core/testing/memory-uploads.js';
import { UploadStore } from '#core/uploads/upload-store.js';
import type { ScriptedSystem } from '@gemel/core/testing';

/** Uploads in the files of a scripted system, below /uploads. */
export function memoryUploadStore({ files, clock }: ScriptedSystem, log: Logger): UploadStore {
  return new UploadStore({ files, media: memoryUploads(files), clock, log, folder: '/uploads' });
}
