import { toDisposable } from '@gemel/core/sdk';
import type { SiteVersionsService } from '../contract.js';

/** What sites need and the other node lacks, as those say who know both; nothing where nobody does. */
export class MissingVersions implements SiteVersionsService {
  readonly #tellers = new Set<() => Promise<readonly string[]>>();

  tellMissing(missing: () => Promise<readonly string[]>): Disposable {
    this.#tellers.add(missing);
    return toDisposable(() => this.#tellers.delete(missing));
  }

  async read(): Promise<readonly string[]> {
    return (await Promise.all([...this.#tellers].map((missing) => missing()))).flat();
  }
}
