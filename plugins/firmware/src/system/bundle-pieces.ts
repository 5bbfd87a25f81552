import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ApplianceError } from '@gemel/core/sdk';

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
    try {
      await writeAt(file, buffer, offset);
    } catch (thrown) {
      throw thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOSPC' ? full(thrown) : thrown;
    }
  },
};

async function writeAt(file: FileHandle, buffer: Buffer, offset: number): Promise<void> {
  // on a disk that is nearly full a write may take a part only
  for (let done = 0; done < buffer.length; ) {
    const { bytesWritten } = await file.write(buffer, done, buffer.length - done, offset + done);
    done += bytesWritten;
  }
  await file.truncate(offset + buffer.length);
}

function full(cause: Error): ApplianceError {
  const text =
    'The data volume of the other node has no room for the bundle. Remove there what is not needed, such as older files of /var/lib/gemel/incoming.';
  return new ApplianceError('conflict', text, { cause });
}
