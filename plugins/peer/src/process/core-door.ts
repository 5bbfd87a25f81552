import { CoreClient } from '@gemel/core/client';
import { ApplianceError } from '@gemel/core/sdk';
import type { Delivered, Delivery } from '../wire/local.js';
import { isRecord } from '../wire/wire-error.js';

/** How requests of the other node get into this node's core: through the socket of the principal `peer`. */
export interface CoreDoor {
  /** @throws ApplianceError `unavailable` while core is not there. */
  deliver(delivery: Delivery, signal: AbortSignal): Promise<Delivered>;
}

/** Connects when first asked and again after core was restarted. */
export class CoreSocketDoor implements CoreDoor, AsyncDisposable {
  #client: Promise<CoreClient> | undefined;

  constructor(readonly path: string) {}

  async deliver({ request, body, address, fingerprint }: Delivery, signal: AbortSignal): Promise<Delivered> {
    const client = await this.#connected();
    const { output } = await client.invoke(
      'peer.deliver',
      { message: { request, body }, address, fingerprint },
      { signal },
    );
    if (!isRecord(output) || typeof output['pinned'] !== 'boolean') {
      throw new ApplianceError('internal', 'Core gave no answer to a request of the other node.');
    }
    return { pinned: output['pinned'], body: output['body'], error: output['error'] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    await client?.[Symbol.asyncDispose]();
  }

  async #connected(): Promise<CoreClient> {
    if (this.#client !== undefined) return this.#client;
    const connecting = CoreClient.connect(this.path);
    this.#client = connecting;
    const forget = () => {
      if (this.#client === connecting) this.#client = undefined;
    };
    connecting.then((client) => client.closed.then(forget), forget);
    try {
      return await connecting;
    } catch (cause) {
      throw new ApplianceError('unavailable', 'Gemel core does not run on that node, or just starts.', { cause });
    }
  }
}
