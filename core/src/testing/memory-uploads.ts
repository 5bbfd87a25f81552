import type { UploadFiles } from '../uploads/upload-files.js';
import type { MemoryFileStore } from './memory-file-store.js';

/** Files that were sent, in the file store of a test; of one that is complete the text is there. */
export function memoryUploads(files: MemoryFileStore): UploadFiles {
  return {
    room: async () => Number.MAX_SAFE_INTEGER,
    async create(path) {
      const pieces: Uint8Array[] = [];
      return {
        append: async (data) => void pieces.push(Uint8Array.from(data)),
        finish: () => files.write(path, Buffer.concat(pieces).toString('utf8'), { mode: 0o600 }),
        close: async () => undefined,
      };
    },
  };
}
