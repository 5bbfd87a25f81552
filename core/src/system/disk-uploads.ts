import { mkdir, open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { GrowingFile, UploadFiles } from '../uploads/upload-files.js';
import { storageError } from './storage-error.js';

/** What callers send may be anybody's secret: root's alone. */
const folderMode = 0o700;
const fileMode = 0o600;

/** The file system of this machine. */
export const diskUploads: UploadFiles = {
  async room(folder) {
    try {
      await mkdir(folder, { recursive: true, mode: folderMode });
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    } catch (failure) {
      throw storageError(folder, 'used', failure);
    }
  },

  async create(path): Promise<GrowingFile> {
    const file = await begin(path);
    let open = true;
    const close = async () => {
      if (!open) return;
      open = false;
      await file.close();
    };
    return {
      async append(data) {
        try {
          // on a volume that is nearly full a write may take a part only
          for (let done = 0; done < data.length; ) done += (await file.write(data, done)).bytesWritten;
        } catch (failure) {
          throw storageError(path, 'written', failure);
        }
      },
      async finish() {
        try {
          await file.sync();
          await close();
        } catch (failure) {
          throw storageError(path, 'written', failure);
        }
      },
      // a failing close loses nothing that anybody was told is there
      close: () => close().catch(() => undefined),
    };
  },
};

async function begin(path: string) {
  try {
    await mkdir(dirname(path), { recursive: true, mode: folderMode });
    return await open(path, 'wx', fileMode);
  } catch (failure) {
    throw storageError(path, 'written', failure);
  }
}
