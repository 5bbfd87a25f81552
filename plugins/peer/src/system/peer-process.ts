import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { ApplianceError, type Clock, type FileStore } from '@gemel/core/sdk';
import type { PeerProcess } from '../peer-process.js';
import { Link } from '../wire/link.js';
import { type ExchangeRequest, type ExchangeResult, localGraceMs, type LocalMethod } from '../wire/local.js';
import { localBytes } from '../wire/sizes.js';
import { fromWireError, isRecord } from '../wire/wire-error.js';
import { linkOver } from './socket-link.js';

/** The account of `gemel-peer.service`. */
const account = 'gemel-peer';
/** For what the process answers by itself, milliseconds. */
const ownAnswerMs = 2_000;

export interface PeerProcessParts {
  readonly path: string;
  readonly clock: Clock;
  readonly files: FileStore;
  /** The sandbox has no accounts: there the process runs as the same user. */
  readonly sameUser: boolean;
}

/** Core's connection to `gemel-peer`, made when first needed and again after that process was restarted. */
export class PeerProcessSocket implements PeerProcess, Disposable {
  readonly #parts: PeerProcessParts;
  #link: Promise<Link> | undefined;

  constructor(parts: PeerProcessParts) {
    this.#parts = parts;
  }

  async fingerprint(signal?: AbortSignal): Promise<string> {
    return fingerprintIn(await this.#ask('identity', {}, ownAnswerMs, signal));
  }

  async introduce(address: string, limitMs: number, signal?: AbortSignal): Promise<string> {
    return fingerprintIn(await this.#ask('introduce', { address }, limitMs, signal));
  }

  async exchange(request: ExchangeRequest, signal?: AbortSignal): Promise<ExchangeResult> {
    // made by the process of the same version
    return (await this.#ask('exchange', request, request.limitMs, signal)) as ExchangeResult;
  }

  [Symbol.dispose](): void {
    this.#link?.then(
      (link) => link.close('core lets go of it'),
      () => undefined,
    );
  }

  async #ask(method: LocalMethod, body: unknown, limitMs: number, signal?: AbortSignal): Promise<unknown> {
    const link = await this.#connected();
    const answer = await link.call(method, body, limitMs + localGraceMs, signal);
    if (answer.kind === 'thrown') throw fromWireError(answer.error);
    return answer.body;
  }

  #connected(): Promise<Link> {
    this.#link ??= this.#connect().catch((failure: unknown) => {
      this.#link = undefined;
      throw failure;
    });
    return this.#link;
  }

  async #connect(): Promise<Link> {
    const { path, clock } = this.#parts;
    await this.#checkOwner();
    const socket = connect(path);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once('connect', resolve);
    socket.once('error', reject);
    try {
      await promise;
    } catch (cause) {
      throw absent(cause);
    }
    socket.off('error', reject);
    return linkOver(socket, {
      clock,
      maxReceivedBytes: localBytes,
      maxSentBytes: localBytes,
      closed: () => {
        this.#link = undefined;
      },
    });
  }

  /** What is sent there may hold secrets, so the folder must be the process's own. */
  async #checkOwner(): Promise<void> {
    const folder = dirname(this.#parts.path);
    const found = await stat(folder).catch((cause: unknown) => {
      throw absent(cause);
    });
    const owner = await this.#owner();
    const shared = (found.mode & 0o022) !== 0;
    if (owner !== undefined && found.uid === owner && !shared) return;
    throw new ApplianceError(
      'unavailable',
      `${folder} does not belong to ${account} alone, so nothing is sent there. Restart the service: systemctl restart gemel-peer.`,
    );
  }

  async #owner(): Promise<number | undefined> {
    const { files, sameUser } = this.#parts;
    if (sameUser) return process.getuid?.();
    const accounts = (await files.read('/etc/passwd')) ?? '';
    const line = accounts.split('\n').find((each) => each.startsWith(`${account}:`));
    const id = Number(line?.split(':')[2]);
    return Number.isInteger(id) ? id : undefined;
  }
}

function absent(cause: unknown): ApplianceError {
  const text =
    'The service gemel-peer does not run, so the other node cannot be reached. See: systemctl status gemel-peer.';
  return new ApplianceError('unavailable', text, { cause });
}

function fingerprintIn(body: unknown): string {
  const fingerprint = isRecord(body) ? body['fingerprint'] : undefined;
  if (typeof fingerprint === 'string') return fingerprint;
  throw new ApplianceError('internal', 'gemel-peer gave no fingerprint. Restart it: systemctl restart gemel-peer.');
}
