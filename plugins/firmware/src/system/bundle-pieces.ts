import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface BundlePieces {
  size(path: string): Promise<number>;
  /** Base 64 of what is there, shorter at the end. */
  read(path: string, offset: number, bytes: number): Promise<string>;
  /** A first piece begins the file anew; what was behind a piece goes. */
  write(path: string, offset: number, data: string): Promise<void>;
}

/** A bundle in pieces, as it goes to the other node. */
export const bundlePieces: BundlePieces = {
  size: async (path) => (await stat(path)).size,
  async read(path, offset, bytes) {
    await using file = await open(path, 'r');
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(buffer, 0, bytes, offset);
    return buffer.toString('base64', 0, bytesRead);
  },
  async write(path, offset, data) {
    await mkdir(dirname(path), { recursive: true });
    await using file = await open(path, offset === 0 ? 'w' : 'r+', 0o600);
    const buffer = Buffer.from(data, 'base64');
    await file.write(buffer, 0, buffer.length, offset);
    await file.truncate(offset + buffer.length);
  },
};
