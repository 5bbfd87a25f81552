import { ApplianceError, asApplianceError, toDisposable } from '@gemel/core/sdk';
import type { PairedPeer, PeerOrigin, PeerRequest } from './contract.js';
import type { Delivered, Delivery } from './wire/local.js';
import { toWireError } from './wire/wire-error.js';

type Handler = (body: unknown, origin: PeerOrigin, signal: AbortSignal) => Promise<unknown>;

/** Requests of other nodes and who answers them. Decides whom to trust. */
export class Handlers {
  readonly #handlers = new Map<
    string,
    { readonly trust: PeerRequest<unknown, unknown>['trust']; readonly run: Handler }
  >();
  readonly #later = new Set<() => Promise<void>>();
  readonly #refusals = new Set<() => string | undefined>();

  /** @throws ApplianceError `conflict` for a request that somebody answers already. */
  add<Input, Output>(
    request: PeerRequest<Input, Output>,
    handler: (input: Input, origin: PeerOrigin, signal: AbortSignal) => Promise<Output>,
  ): Disposable {
    const { id, trust } = request;
    if (this.#handlers.has(id)) throw new ApplianceError('conflict', `Requests ${id} are answered already.`);
    const run: Handler = async (body, origin, signal) => {
      const parsed = request.input.safeParse(body);
      if (!parsed.success) {
        const where = parsed.error.issues.map(({ path, message }) => `${path.join('/')}: ${message}`).join('; ');
        const text = `The other node asked ${id} with something that does not fit here (${where}). Do both run the same version?`;
        throw new ApplianceError('invalid', text);
      }
      return handler(parsed.data, origin, signal);
    };
    const entry = { trust, run };
    this.#handlers.set(id, entry);
    return toDisposable(() => {
      if (this.#handlers.get(id) === entry) this.#handlers.delete(id);
    });
  }

  addLater(load: () => Promise<readonly Disposable[]>): Disposable {
    let loading: Promise<readonly Disposable[]> | undefined;
    const begin = async () => {
      await (loading ??= load());
      this.#later.delete(begin);
    };
    this.#later.add(begin);
    return toDisposable(() => {
      this.#later.delete(begin);
      void loading?.then((handlers) => handlers.forEach((each) => each[Symbol.dispose]()));
    });
  }

  refuseStrangers(reason: () => string | undefined): Disposable {
    const asked = () => reason();
    this.#refusals.add(asked);
    return toDisposable(() => this.#refusals.delete(asked));
  }

  /** Never throws: what went wrong is part of the answer, beside whether the asker is the paired node. */
  async deliver(delivery: Delivery, paired: PairedPeer | undefined, signal: AbortSignal): Promise<Delivered> {
    const { request, body, address, fingerprint } = delivery;
    const pinned = paired !== undefined && paired.fingerprint === fingerprint;
    try {
      if (!this.#handlers.has(request)) await Promise.all(Array.from(this.#later, (load) => load()));
      const handler = this.#handlers.get(request);
      if (!pinned) this.#admit(handler?.trust, paired !== undefined);
      if (handler === undefined) {
        throw new ApplianceError('not-found', `This node does not answer ${request}. Do both run the same version?`);
      }
      return { pinned, body: await handler.run(body, { address, fingerprint }, signal) };
    } catch (thrown) {
      return { pinned, error: toWireError(asApplianceError(thrown)) };
    }
  }

  /** Strangers are told nothing but that they are. */
  #admit(trust: 'pinned' | 'anyone' | undefined, paired: boolean): void {
    if (trust !== 'anyone') throw new ApplianceError('forbidden', 'This node is not paired with the one that asks.');
    if (paired) throw new ApplianceError('forbidden', 'This node is paired with another one.');
    for (const refusal of this.#refusals) {
      const reason = refusal();
      if (reason !== undefined) throw new ApplianceError('forbidden', reason);
    }
  }
}
