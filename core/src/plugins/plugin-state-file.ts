import { z } from 'zod';
import type { FileStore } from '../sdk/index.js';

const schema = z.object({
  disabled: z.array(z.string()),
  /** The extra plugin being activated; found again after a start, it took core down with it. */
  activating: z.string().nullable(),
  /** Extra plugins that are not activated because core did not survive it. Enabling one tries again. */
  stoppedCore: z.array(z.string()),
});

type PluginState = z.infer<typeof schema>;

/** What must be remembered about plugins across restarts. A damaged file counts as empty. */
export class PluginStateFile {
  #state: PluginState = { disabled: [], activating: null, stoppedCore: [] };

  constructor(
    readonly files: FileStore,
    readonly path: string,
  ) {}

  get state(): Readonly<PluginState> {
    return this.#state;
  }

  async load(): Promise<void> {
    const text = await this.files.read(this.path);
    if (text === undefined) return;
    try {
      this.#state = schema.parse(JSON.parse(text));
    } catch {
      await this.files.rename(this.path, `${this.path}.damaged`);
    }
    const culprit = this.#state.activating;
    if (culprit !== null) {
      await this.change({ activating: null, stoppedCore: [...new Set([...this.#state.stoppedCore, culprit])] });
    }
  }

  async change(part: Partial<PluginState>): Promise<void> {
    const next = { ...this.#state, ...part };
    await this.files.write(this.path, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
    this.#state = next;
  }
}
