import { z } from 'zod';
import { ApplianceError, asApplianceError, type FileStore } from '../sdk/index.js';

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
  #isOnlyLookedAt = false;
  #isInnocent = false;
  #isRead = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly files: FileStore,
    readonly path: string,
  ) {}

  get state(): Readonly<PluginState> {
    return this.#state;
  }

  /** A file that cannot be read or written does not stop a start. @returns what was wrong with it, for the log. */
  async load(): Promise<readonly string[]> {
    const problems: string[] = [];
    try {
      await this.#read();
    } catch (thrown) {
      problems.push(asApplianceError(thrown).message);
    }
    const culprit = this.#state.activating;
    if (culprit === null) return problems;
    const stoppedCore = [...new Set([...this.#state.stoppedCore, culprit])];
    // Not on disk it is found again by the next start, from the same mark.
    const unkept = await this.keep({ activating: null, stoppedCore });
    return unkept === undefined ? problems : [...problems, unkept];
  }

  /**
   * For a process beside core, whose file it is: a mark may be of an activation that core is at, and what is changed from now on
   * holds in this process only. @returns what was wrong with it, for the log.
   */
  async look(): Promise<readonly string[]> {
    this.#isOnlyLookedAt = true;
    try {
      await this.#read();
      return [];
    } catch (thrown) {
      return [asApplianceError(thrown).message];
    } finally {
      this.#state = { ...this.#state, activating: null };
    }
  }

  /** Core ends because it was told to: the plugin it is at is not to blame. */
  async clearMark(): Promise<string | undefined> {
    this.#isInnocent = true;
    // What is not known yet must not be written over.
    return this.#isRead ? this.keep({ activating: null }) : undefined;
  }

  /** In force when it is on disk. @throws ApplianceError `storage`. */
  async change(part: Partial<PluginState>): Promise<void> {
    const next = { ...this.#state, ...part };
    await this.#write(next);
    this.#state = next;
  }

  /** In force also when the medium refuses it; the next change brings it to disk then. @returns why it is not there yet. */
  async keep(part: Partial<PluginState>): Promise<string | undefined> {
    this.#state = { ...this.#state, ...part };
    try {
      await this.#write(this.#state);
      return undefined;
    } catch (thrown) {
      return asApplianceError(thrown).message;
    }
  }

  async #read(): Promise<void> {
    const text = await this.files.read(this.path);
    try {
      if (text !== undefined) this.#state = schema.parse(JSON.parse(text));
    } catch {
      if (this.#isOnlyLookedAt) throw new ApplianceError('storage', `${this.path} is damaged.`);
      await this.files.rename(this.path, `${this.path}.damaged`);
    }
    this.#isRead = true;
  }

  /** One after the other, so that the last one asked for is what stays. */
  async #write(state: PluginState): Promise<void> {
    if (this.#isOnlyLookedAt) return;
    const turn = this.#last.then(() => {
      const text = JSON.stringify(this.#isInnocent ? { ...state, activating: null } : state, null, 2);
      return this.files.write(this.path, `${text}\n`, { mode: 0o600 });
    });
    this.#last = turn.catch(() => undefined); // told to whoever waits for it
    await turn;
  }
}
