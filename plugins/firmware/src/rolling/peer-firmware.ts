import { type Caller, type JobCall, type Logger, asApplianceError } from '@gemel/core/sdk';
import { definePeerRequest, type PeerService } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import { steps } from '../bundle/version-step.js';
import type { FirmwareService } from '../firmware-service.js';
import type { Installation } from '../install/installation.js';
import { paths } from '../paths.js';
import { entrySchema, trialSchema } from '../slots/trial.js';
import type { BundlePieces } from '../system/bundle-pieces.js';

/** A request takes a mebibyte, and base 64 is a third longer. */
const pieceBytes = 512 * 1024;

const takePiece = definePeerRequest({
  id: 'firmware.take',
  trust: 'pinned',
  input: z.object({ offset: z.int().min(0), data: z.base64() }),
  output: z.object({}),
  timeoutMs: 60_000,
});

/** Begins to install what was taken, and restarts then; `firmware.state` says how it goes on. */
const installTaken = definePeerRequest({
  id: 'firmware.install',
  trust: 'pinned',
  input: z.object({ confirm: z.enum(steps).optional(), author: z.string() }),
  output: z.object({}),
});

const stateSchema = z.object({
  version: z.string(),
  trial: trialSchema.nullable(),
  last: entrySchema.nullable(),
  installing: z.boolean(),
  /** Why the installation that was asked for failed; empty when it did not. */
  failure: z.string(),
});
export type PeerFirmwareState = z.output<typeof stateSchema>;

const askState = definePeerRequest({
  id: 'firmware.state',
  trust: 'pinned',
  input: z.object({}),
  output: stateSchema,
});

export interface PeerFirmwareParts {
  readonly peer: PeerService;
  readonly service: FirmwareService;
  readonly installation: Installation;
  readonly pieces: BundlePieces;
  readonly log: Logger;
}

/** Firmware of the other node: what this node asks of it, and what it answers. */
export class PeerFirmware {
  readonly #parts: PeerFirmwareParts;
  #installing = false;
  #failure = '';

  constructor(parts: PeerFirmwareParts) {
    this.#parts = parts;
  }

  /** @throws ApplianceError `unavailable`, `timeout`. */
  async copy(file: string, { signal, progress }: Pick<JobCall, 'signal' | 'progress'>, share: number): Promise<void> {
    const { peer, pieces } = this.#parts;
    const bytes = await pieces.size(file);
    for (let offset = 0; offset < bytes; offset += pieceBytes) {
      const data = await pieces.read(file, offset, pieceBytes);
      await peer.call(takePiece, { offset, data }, { signal });
      progress((offset / bytes) * share, 'copying the bundle to the other node');
    }
  }

  async install(confirm: (typeof steps)[number] | undefined, author: string): Promise<void> {
    await this.#parts.peer.call(installTaken, { author, ...(confirm === undefined ? {} : { confirm }) });
  }

  /** Undefined while the other node does not answer, as when it restarts. */
  async state(): Promise<PeerFirmwareState | undefined> {
    return this.#parts.peer.call(askState, {}).catch(() => undefined);
  }

  answer(): readonly Disposable[] {
    const { peer, pieces, service } = this.#parts;
    return [
      peer.handle(takePiece, async ({ offset, data }) => {
        await pieces.write(paths.fromPeer, offset, data);
        return {};
      }),
      peer.handle(installTaken, async ({ confirm, author }) => {
        this.#begin(confirm, author);
        return {};
      }),
      peer.handle(askState, async () => {
        const { version, trial, last } = await service.state();
        return { version, trial, last, installing: this.#installing, failure: this.#failure };
      }),
    ];
  }

  #begin(confirm: (typeof steps)[number] | undefined, author: string): void {
    if (this.#installing) return;
    this.#installing = true;
    this.#failure = '';
    const { installation, log } = this.#parts;
    const caller: Caller = { name: author, role: 'administrator', surface: 'peer', connectedAt: 0 };
    const call: JobCall = {
      jobId: 'peer',
      caller,
      signal: new AbortController().signal,
      progress: () => undefined,
      log: (line) => log.info({}, line),
      save: async () => undefined, // the node that asked keeps the job
    };
    installation
      .run({ file: paths.fromPeer, confirm, restart: 'now' }, call)
      .catch((thrown: unknown) => {
        this.#failure = asApplianceError(thrown).message;
      })
      .finally(() => {
        this.#installing = false;
      });
  }
}
