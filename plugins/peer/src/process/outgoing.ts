import { ApplianceError, asApplianceError, type Clock, toDisposable } from '@gemel/core/sdk';
import type { Link, LinkOptions } from '../wire/link.js';
import type { ExchangeRequest, ExchangeResult } from '../wire/local.js';
import { messageBytes } from '../wire/sizes.js';

export const outgoingLimits = {
  /** For TCP and TLS with one address, milliseconds; a node on the same network takes 10. */
  dialMs: 1_500,
  /** A connection on which nothing happened is closed after this long. */
  idleMs: 60_000,
  /** One that was made by way of a second address is given up this soon, so that the first is tried again. */
  detourMs: 30_000,
} as const;

/** A connection to an appliance that has shown its key, before anything was sent. */
export interface Dialled {
  readonly fingerprint: string;
  open(options: LinkOptions): Link;
  destroy(): void;
}

/** @throws ApplianceError `unavailable`, `timeout`. */
export type Dial = (address: string, limitMs: number, signal: AbortSignal) => Promise<Dialled>;

interface Route {
  readonly link: Link;
  readonly address: string;
  /** Monotonic milliseconds, as is `usedAt`. */
  readonly closeAfter: number;
  usedAt: number;
}

/** Carries core's requests to other appliances, over one connection each that is kept while it is used. */
export class Outgoing implements Disposable {
  readonly #clock: Clock;
  readonly #dial: Dial;
  readonly #reached: (address: string) => void;
  readonly #routes = new Map<string, Promise<Route>>();
  readonly #ended = new AbortController();

  /** @param reached Told the address at which the paired node has proven its key. */
  constructor(clock: Clock, dial: Dial, reached: (address: string) => void) {
    this.#clock = clock;
    this.#dial = dial;
    this.#reached = reached;
  }

  /** @returns the fingerprint of the key that is shown there. @throws ApplianceError `unavailable`, `timeout`, `cancelled`. */
  async introduce(address: string, limitMs: number, signal: AbortSignal): Promise<string> {
    const dialled = await this.#dial(address, limitMs, signal);
    dialled.destroy();
    return dialled.fingerprint;
  }

  /**
   * What the other node throws is an outcome. @throws ApplianceError `unavailable`, `forbidden` when another key is shown, `timeout`,
   * `cancelled`: the request may then have been carried out or not.
   */
  async exchange(wanted: ExchangeRequest, signal: AbortSignal): Promise<ExchangeResult> {
    const until = this.#clock.monotonic() + wanted.limitMs;
    const route = await this.#route(wanted);
    const { link, address } = route;
    if (wanted.paired) this.#reached(address);
    const left = until - this.#clock.monotonic();
    if (left <= 0) throw new ApplianceError('timeout', `${address} was reached too late.`);
    try {
      return { ...(await link.call(wanted.request, wanted.body, left, signal)), address };
    } finally {
      route.usedAt = this.#clock.monotonic();
    }
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
    for (const route of this.#routes.values()) {
      route.then(
        ({ link }) => link.close('gemel-peer is ending'),
        () => undefined,
      );
    }
    this.#routes.clear();
  }

  async #route(wanted: ExchangeRequest): Promise<Route> {
    const key = [wanted.fingerprint, ...wanted.addresses].join(' ');
    const route = await (this.#routes.get(key) ?? this.#begin(key, wanted));
    const over = !route.link.busy && this.#clock.monotonic() >= route.closeAfter;
    if (over) route.link.close('the first address is tried again');
    // one that is closed has been forgotten
    return route.link.isClosed ? this.#route(wanted) : route;
  }

  #begin(key: string, wanted: ExchangeRequest): Promise<Route> {
    const forget = () => {
      if (this.#routes.get(key) === making) this.#routes.delete(key);
    };
    const making = this.#connect(wanted, forget);
    this.#routes.set(key, making);
    making.catch(forget);
    return making;
  }

  async #connect({ addresses, fingerprint }: ExchangeRequest, ended: () => void): Promise<Route> {
    const failures: ApplianceError[] = [];
    for (const [index, address] of addresses.entries()) {
      try {
        const dialled = await this.#dial(address, outgoingLimits.dialMs, this.#ended.signal);
        if (dialled.fingerprint !== fingerprint) {
          dialled.destroy();
          throw new ApplianceError('forbidden', `${address} shows another key: ${dialled.fingerprint}.`);
        }
        return this.#open(dialled, address, index === 0, ended);
      } catch (thrown) {
        failures.push(asApplianceError(thrown));
      }
    }
    const reasons = failures.map(({ message }) => message).join(' ');
    const code = failures.some((failure) => failure.code === 'forbidden') ? 'forbidden' : 'unavailable';
    throw new ApplianceError(code, reasons === '' ? 'The other node has no address.' : reasons);
  }

  #open(dialled: Dialled, address: string, first: boolean, ended: () => void): Route {
    const { idleMs, detourMs } = outgoingLimits;
    const now = this.#clock.monotonic();
    let idle = toDisposable(() => undefined);
    const link = dialled.open({
      clock: this.#clock,
      maxReceivedBytes: messageBytes.answer,
      maxSentBytes: messageBytes.request,
      closed: () => {
        idle[Symbol.dispose]();
        ended();
      },
    });
    const route: Route = { link, address, closeAfter: first ? Number.POSITIVE_INFINITY : now + detourMs, usedAt: now };
    const watch = (): Disposable =>
      this.#clock.after(idleMs, () => {
        if (!link.busy && this.#clock.monotonic() - route.usedAt >= idleMs) link.close('nothing happened on it');
        else idle = watch();
      });
    idle = watch();
    return route;
  }
}
