import type { EventsAccess, FileStore, Logger } from '@gemel/core/sdk';
import { siteEvents } from '../events.js';
import { paths } from '../paths.js';

export interface HangWatchParts {
  readonly files: FileStore;
  readonly events: EventsAccess;
  readonly log: Logger;
}

/** Tells which sites hung, as gemel-sites-watch.service found out; also what it found while core was away. */
export class HangWatch implements Disposable {
  readonly #parts: HangWatchParts;
  readonly #watch: Disposable;
  #reading: Promise<void> = Promise.resolve();

  constructor(parts: HangWatchParts) {
    this.#parts = parts;
    this.#watch = parts.files.watch(paths.hangs, () => this.#readSoon());
    this.#readSoon();
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  #readSoon(): void {
    const { log } = this.#parts;
    this.#reading = this.#reading
      .then(() => this.#read())
      .catch((failure: unknown) => log.warn({ failure }, 'what hung could not be read'));
  }

  async #read(): Promise<void> {
    const { files, events } = this.#parts;
    for (const site of await files.list(paths.hangs)) {
      // Begins with a dot while it is being written.
      if (site.startsWith('.')) continue;
      const path = `${paths.hangs}/${site}`;
      const said = (await files.read(path))?.trim();
      await files.remove(path);
      if (said !== undefined) events.publish(siteEvents.hung, { site, reason: `Asked twice, ${said}.` });
    }
  }
}
