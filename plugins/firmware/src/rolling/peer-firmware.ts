import { type Caller, type Clock, type JobCall, type Logger, ApplianceError, asApplianceError } from '@gemel/core/sdk';
import { definePeerRequest, type PeerService } from '@gemel/plugin-peer/contract';
import { z } from 'zod';
import { type Step, steps } from '../bundle/version-step.js';
import type { FirmwareService } from '../firmware-service.js';
import type { Installation, Installed } from '../install/installation.js';
import { paths } from '../paths.js';
import { entrySchema, trialSchema } from '../slots/trial.js';
import type { BundlePieces } from '../system/bundle-pieces.js';

/** A request takes a mebibyte, and base 64 is a third longer. */
const pieceBytes = 512 * 1024;
/** A link that breaks off, or a core that is busy, is back in less. */
const pieceTries = 6;
const pauseMs = 5_000;

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

/** What this node installs for the other one, so that it goes on after a restart of this core. */
const orderSchema = z.object({
  author: z.string(),
  confirm: z.enum(steps).optional(),
  /** What the installation kept; null: nothing was written yet. */
  saved: z.unknown(),
});
type Order = z.output<typeof orderSchema>;

export interface PeerFirmwareParts {
  readonly peer: PeerService;
  readonly service: FirmwareService;
  readonly installation: Installation;
  readonly pieces: BundlePieces;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Firmware of the other node: what this node asks of it, and what it answers. */
export class PeerFirmware {
  #installing = false;
  #failure = '';
  /** What an earlier run of core left was looked at. */
  #found: Promise<void> | undefined;

  constructor(readonly parts: PeerFirmwareParts) {}

  /** @throws ApplianceError `unavailable`, `timeout`, `conflict` when there is no room for it. */
  async copy(file: string, { signal, progress }: Pick<JobCall, 'signal' | 'progress'>, share: number): Promise<void> {
    const { pieces } = this.parts;
    const bytes = await pieces.size(file);
    for (let offset = 0; offset < bytes; offset += pieceBytes) {
      await this.#send({ offset, data: await pieces.read(file, offset, pieceBytes) }, signal);
      progress((offset / bytes) * share, 'copying the bundle to the other node');
    }
  }

  async install(confirm: Step | undefined, author: string): Promise<void> {
    await this.parts.peer.call(installTaken, { author, ...(confirm === undefined ? {} : { confirm }) });
  }

  /** Undefined while the other node does not answer, as when it restarts. */
  async state(): Promise<PeerFirmwareState | undefined> {
    return this.parts.peer.call(askState, {}).catch(() => undefined);
  }

  answer(): readonly Disposable[] {
    const { peer, pieces, service } = this.parts;
    this.#found ??= this.#goOn();
    return [
      peer.handle(takePiece, async ({ offset, data }) => {
        await pieces.write(paths.fromPeer, offset, data);
        return {};
      }),
      peer.handle(installTaken, async ({ confirm, author }) => {
        await this.#found;
        if (this.#installing) return {};
        const order = { author, ...(confirm === undefined ? {} : { confirm }), saved: null };
        await this.#keep(order);
        this.#carryOut(order, (request, call) => this.parts.installation.run(request, call));
        return {};
      }),
      peer.handle(askState, async () => {
        await this.#found;
        const { version, trial, last } = await service.state();
        return { version, trial, last, installing: this.#installing, failure: this.#failure };
      }),
    ];
  }

  /** Sent again it is written to the same place. */
  async #send(piece: z.output<(typeof takePiece)['input']>, signal: AbortSignal): Promise<void> {
    const { peer, clock } = this.parts;
    for (let left = pieceTries; ; left -= 1) {
      try {
        await peer.call(takePiece, piece, { signal });
        return;
      } catch (thrown) {
        const passes = thrown instanceof ApplianceError && ['unavailable', 'timeout'].includes(thrown.code);
        if (!passes || left <= 1 || signal.aborted) throw thrown;
        await clock.sleep(pauseMs, signal);
      }
    }
  }

  /** RAUC goes on without core; the examination before it begins again. */
  async #goOn(): Promise<void> {
    const text = await this.parts.service.records.files.read(paths.forPeer);
    const order = text === undefined ? undefined : parseOrder(text);
    if (order === undefined) return;
    const { installation } = this.parts;
    const saved = order.saved ?? null;
    this.#carryOut(order, (request, call) =>
      saved === null ? installation.run(request, call) : installation.resume(request, saved, call),
    );
  }

  #keep(order: Order): Promise<void> {
    return this.parts.service.records.files.write(paths.forPeer, `${JSON.stringify(order)}\n`, { mode: 0o600 });
  }

  #carryOut(
    order: Order,
    work: (request: Parameters<Installation['run']>[0], call: JobCall) => Promise<Installed>,
  ): void {
    if (this.#installing) return;
    this.#installing = true;
    this.#failure = '';
    const { log, service } = this.parts;
    const caller: Caller = { name: order.author, role: 'administrator', surface: 'peer', connectedAt: 0 };
    const call: JobCall = {
      jobId: 'peer',
      caller,
      signal: new AbortController().signal,
      progress: () => undefined,
      log: (line) => log.info({}, line),
      save: (saved) => this.#keep({ ...order, saved }),
    };
    void (async () => {
      try {
        await work({ file: paths.fromPeer, confirm: order.confirm, restart: 'now' }, call);
      } catch (thrown) {
        this.#failure = asApplianceError(thrown).message;
      }
      try {
        // it is in the slot, or sent again
        for (const path of [paths.forPeer, paths.fromPeer]) await service.records.files.remove(path);
      } catch (err) {
        log.warn({ err }, 'what the other node sent could not be removed');
      }
      this.#installing = false;
    })();
  }
}

function parseOrder(text: string): Order | undefined {
  try {
    return orderSchema.parse(JSON.parse(text));
  } catch {
    return undefined; // the other node sees that nothing happens and says so
  }
}
