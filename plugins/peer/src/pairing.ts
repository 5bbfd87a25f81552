import type { FileStore, Logger } from '@gemel/core/sdk';
import { z } from 'zod';
import type { PairedPeer } from './contract.js';

const pairingSchema = z.object({
  format: z.literal(1),
  hostName: z.string(),
  fingerprint: z.string(),
  addresses: z.array(z.string()),
});

/** Whom this node trusts, on disk. */
export class Pairing {
  readonly #files: FileStore;
  readonly #path: string;
  #paired: PairedPeer | undefined;

  constructor(files: FileStore, dataFolder: string) {
    this.#files = files;
    this.#path = `${dataFolder}/pairing.json`;
  }

  get paired(): PairedPeer | undefined {
    return this.#paired;
  }

  /** A damaged file trusts nobody, which an operator can mend; guessing would not be safe. */
  async load(log: Logger): Promise<void> {
    const text = await this.#files.read(this.#path);
    if (text === undefined) return;
    try {
      const { hostName, fingerprint, addresses } = pairingSchema.parse(JSON.parse(text));
      this.#paired = { hostName, fingerprint, addresses };
    } catch (failure) {
      log.error({ file: this.#path, err: failure }, 'the pairing is damaged, so no other node is trusted');
    }
  }

  /** @throws ApplianceError `storage`: what was before holds. */
  async set(paired: PairedPeer): Promise<void> {
    await this.#files.write(this.#path, `${JSON.stringify({ format: 1, ...paired })}\n`, { mode: 0o600 });
    this.#paired = paired;
  }

  async clear(): Promise<void> {
    await this.#files.remove(this.#path);
    this.#paired = undefined;
  }
}
