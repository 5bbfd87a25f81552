import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../firmware/cache.ts';
import { mustRun } from '../../firmware/run-command.ts';
import type { LabFolders } from './lab-layout.ts';

/**
 * What stands in for the replicated volume between containers, whose kernel has no DRBD: one folder of this machine, at /srv/gemel of
 * both. It outlives the power loss of either node, as what was flushed to a replicated volume does.
 */
export class SharedFolder {
  readonly path: string;
  readonly #folders: LabFolders;

  constructor(folders: LabFolders) {
    this.#folders = folders;
    this.path = join(folders.disks, 'shared');
  }

  async create(): Promise<void> {
    await mkdir(this.path, { recursive: true });
  }

  async saveSnapshot(name: string): Promise<void> {
    const kept = this.#snapshot(name);
    await removeTree(kept);
    await mustRun(['cp', '-a', '--reflink=auto', this.path, kept]);
  }

  /** The folder itself stays, since containers that are being started have it mounted. */
  async loadSnapshot(name: string): Promise<void> {
    await mustRun(['find', this.path, '-mindepth', '1', '-delete']);
    await mustRun(['cp', '-a', '--reflink=auto', `${this.#snapshot(name)}/.`, this.path]);
  }

  #snapshot(name: string): string {
    return join(this.#folders.disks, `shared-snapshot-${name}`);
  }
}
