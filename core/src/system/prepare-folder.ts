import { chmod, chown, mkdir } from 'node:fs/promises';
import { groupNumber } from './groups.js';
import { storageError } from './storage-error.js';

export interface FolderRights {
  readonly path: string;
  readonly mode: number;
  /** Undefined: the process's own. */
  readonly group: string | undefined;
}

/** Makes a folder with exactly these rights; an existing one is put right before anything is put into it. */
export async function prepareFolder({ path, mode, group }: FolderRights): Promise<void> {
  const number = group === undefined ? process.getgid?.() : await groupNumber(group, path);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chown(path, process.getuid?.() ?? 0, number ?? 0);
    await chmod(path, mode);
  } catch (failure) {
    throw storageError(path, 'prepared', failure);
  }
}
