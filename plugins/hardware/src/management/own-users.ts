import type { FileStore } from '@gemel/core/sdk';
import { z } from 'zod';
import type { ManagementSettings } from './schema.js';

const namesSchema = z.array(z.string());

/**
 * Names of the users that Gemel made in the management controller. The controller does not say who made one, and an account that the
 * settings do not name any more must not stay there with its old password.
 *
 * INVARIANT: a name is on disk before the controller has it, and goes after the controller was seen without it.
 */
export class OwnUsers {
  readonly #files: FileStore;
  readonly #path: string;

  constructor(files: FileStore, dataFolder: string) {
    this.#files = files;
    this.#path = `${dataFolder}/management-users.json`;
  }

  async names(): Promise<readonly string[]> {
    return (await this.#read()) ?? [];
  }

  async keep(names: readonly string[]): Promise<void> {
    const text = `${JSON.stringify(names)}\n`;
    if ((await this.#files.read(this.#path)) !== text) await this.#files.write(this.#path, text);
  }

  /** What was in force already before there was a record, as after a factory reset, which keeps the settings of the hardware. */
  async begin({ enabled, user }: ManagementSettings): Promise<void> {
    if (enabled && user !== '' && (await this.#read()) === undefined) await this.keep([user]);
  }

  async #read(): Promise<readonly string[] | undefined> {
    const text = await this.#files.read(this.#path);
    if (text === undefined) return undefined;
    try {
      return namesSchema.parse(JSON.parse(text));
    } catch {
      // torn by a failing disk: as if there were none
      return undefined;
    }
  }
}
