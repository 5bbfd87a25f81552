import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { LocalFile } from '../terminal.js';

/** Also opens what is no plain file, without waiting for the other end of a pipe; `look` says what it is. */
export async function openFile(path: string): Promise<LocalFile> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let buffer = new Uint8Array();
  return {
    async look() {
      const stats = await file.stat();
      const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other';
      return { kind, bytes: stats.size, changedAt: stats.mtimeMs };
    },
    async read(most) {
      if (buffer.length !== most) buffer = new Uint8Array(most);
      const { bytesRead } = await file.read(buffer, 0, most, null);
      return buffer.subarray(0, bytesRead);
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}
