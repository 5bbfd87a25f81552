import type { FileStore } from '@gemel/core/sdk';
import { z } from 'zod';
import { copyId, keptFolder } from './kept-copies.js';

const noteSchema = z.object({ copy: copyId });
const path = `${keptFolder}/under-way.json`;

/**
 * On disk from before a node that gives its data up enters maintenance until it has left it, so that a core which dies in between is
 * followed by one that knows whose maintenance that is: only a hand ends any other.
 */
export class GiveUpNote {
  constructor(readonly files: FileStore) {}

  /** @returns id of the copy that was to be taken; undefined when nothing is under way. */
  async read(): Promise<string | undefined> {
    const text = await this.files.read(path);
    if (text === undefined) return undefined;
    try {
      return noteSchema.safeParse(JSON.parse(text)).data?.copy;
    } catch {
      return undefined; // not by us: it is written whole or not at all
    }
  }

  async write(copy: string): Promise<void> {
    await this.files.write(path, JSON.stringify({ copy }));
  }

  async remove(): Promise<void> {
    await this.files.remove(path);
  }
}
