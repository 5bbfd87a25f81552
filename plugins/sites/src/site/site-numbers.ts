import { refusal, siteReports } from '../reports.js';
import type { SiteFolders } from './site-folders.js';
import { firstPort, firstUid, lastPort, lastUid, lowestFree } from './site-record.js';
import type { SiteStore } from './site-store.js';

interface Numbers {
  readonly site: string;
  /** Undefined where a damaged record does not tell. */
  readonly port: number | undefined;
  readonly uids: readonly number[];
}

/** Until it is disposed nobody else is given them. */
export interface Held extends Disposable {
  readonly port: number;
  readonly uid: number;
}

/**
 * The port and the user of each site.
 *
 * INVARIANT: no two sites have the same. What was chosen is held until the site's record is in its place, which is minutes where a
 * gigabyte is copied; one chooses at a time, so that what is held and what is on disk together are all there is.
 */
export class SiteNumbers {
  readonly #store: SiteStore;
  readonly #folders: Pick<SiteFolders, 'owner'>;
  readonly #held = new Set<Numbers>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: SiteStore, folders: Pick<SiteFolders, 'owner'>) {
    this.#store = store;
    this.#folders = folders;
  }

  /** @param port Undefined: the lowest that is free. @throws ApplianceError `conflict`. */
  holdNew(site: string, port: number | undefined): Promise<Held> {
    return this.#oneAtATime(async () => {
      const others = await this.#others(site);
      const chosen = { port: choosePort(others, port), uid: chooseUid(others) };
      return { ...chosen, [Symbol.dispose]: this.#hold({ site, port: chosen.port, uids: [chosen.uid] }) };
    });
  }

  /** Another port for a site that is there. @throws ApplianceError `conflict`. */
  holdPort(site: string, port: number): Promise<Disposable> {
    return this.#oneAtATime(async () => {
      choosePort(await this.#others(site), port);
      return { [Symbol.dispose]: this.#hold({ site, port, uids: [] }) };
    });
  }

  #oneAtATime<Result>(choose: () => Promise<Result>): Promise<Result> {
    const chosen = this.#last.then(choose);
    this.#last = chosen.catch(() => undefined); // told to the one who asked
    return chosen;
  }

  #hold(numbers: Numbers): () => void {
    this.#held.add(numbers);
    return () => void this.#held.delete(numbers);
  }

  async #others(than: string): Promise<readonly Numbers[]> {
    // Before looking at the disk: what is let go meanwhile may not have been there yet.
    const held = [...this.#held];
    const onDisk = (await this.#store.list()).map(async (each): Promise<Numbers> => {
      const site = each.name;
      if ('record' in each) return { site, port: each.record.port, uids: [each.record.uid] };
      return { site, port: undefined, uids: await this.#owners(site) };
    });
    return [...held, ...(await Promise.all(onDisk))].filter(({ site }) => site !== than);
  }

  /** Whose the data is says the user of a site whose record cannot be read. */
  async #owners(site: string): Promise<readonly number[]> {
    const generations = await this.#store.generations(site);
    const owners = await Promise.all(generations.map((each) => this.#folders.owner(this.#store.data(site, each))));
    return owners.filter((uid) => uid !== undefined);
  }
}

function choosePort(others: readonly Numbers[], wanted: number | undefined): number {
  const owner = others.find(({ port }) => port === wanted);
  if (wanted !== undefined && owner !== undefined)
    throw refusal(siteReports.report('sites.port.taken', { port: wanted, site: owner.site }, 'port'));
  const taken = new Set(others.flatMap(({ port }) => port ?? []));
  const port = wanted ?? lowestFree(taken, firstPort, lastPort);
  if (port !== undefined) return port;
  throw refusal(siteReports.report('sites.port.none-free', { first: firstPort, last: lastPort }, 'port'));
}

function chooseUid(others: readonly Numbers[]): number {
  const uid = lowestFree(new Set(others.flatMap(({ uids }) => uids)), firstUid, lastUid);
  if (uid !== undefined) return uid;
  throw refusal(siteReports.report('sites.user.none-free', { count: lastUid - firstUid + 1 }));
}
