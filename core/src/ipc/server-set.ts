import { ApplianceError } from '../sdk/errors.js';
import { DisposableStore } from '../sdk/disposable.js';
import type { Logger } from '../sdk/log.js';
import type { Clock, FileStore } from '../sdk/system.js';
import type { AcceptedChannel } from './channel.js';
import { Connection } from './connection.js';
import { listenWithNodeIpc } from './node-ipc-server.js';
import { type Peer, peerOf, userName } from './peer-credentials.js';
import { type Principal, programName } from './principals.js';
import type { Router } from './router.js';
import { openSocketChannel } from './system/socket-channel.js';

/** Makes a principal's folder with exactly these rights, owned by root; an existing one is put right. */
export type PrepareFolder = (folder: {
  readonly path: string;
  readonly mode: number;
  readonly group: string | undefined;
}) => Promise<void>;

export interface ServerSetParts {
  /** `/run/gemel` */
  readonly runtimeFolder: string;
  /** True where there are no groups to tell apart: every folder is the user's own. */
  readonly private: boolean;
  readonly router: Router;
  readonly clock: Clock;
  readonly files: FileStore;
  readonly log: Logger;
  readonly prepareFolder: PrepareFolder;
  /** Asks somebody else than the kernel who is at the other end; for tests. */
  readonly peerOf?: (descriptor: number) => Promise<Peer | undefined>;
}

/** The kernel's limit for the path of a local socket, `sun_path` without its final zero. */
const longestSocketPath = 107;

/** Core's sockets: one server per principal's folder. */
export class ServerSet implements AsyncDisposable {
  readonly #parts: ServerSetParts;
  readonly #servers = new Map<string, AsyncDisposable>();
  readonly #owned = new DisposableStore();

  constructor(parts: ServerSetParts) {
    this.#parts = parts;
  }

  /**
   * @throws ApplianceError `conflict` when another core answers there or the door is already open, `unavailable` when the
   * socket can't be made.
   */
  async open(principal: Principal): Promise<void> {
    const { name } = principal;
    const folder = `${this.#parts.runtimeFolder}/${name}`;
    const path = `${folder}/core.sock`;
    if (this.#servers.has(name)) throw new ApplianceError('conflict', `The socket of ${name} is already open.`);
    if (Buffer.byteLength(path) > longestSocketPath) {
      const problem = `The path ${path} is longer than the ${longestSocketPath} bytes that a socket may have.`;
      throw new ApplianceError('unavailable', `${problem} Use a shorter folder.`);
    }
    // the folder's group is the gate; a member of the group must be able to write to the socket to connect
    const shared = principal.group !== undefined && !this.#parts.private;
    await this.#parts.prepareFolder({
      path: folder,
      mode: shared ? 0o750 : 0o700,
      group: shared ? principal.group : undefined,
    });
    await refuseSecondCore(path);
    try {
      const server = await listenWithNodeIpc({
        path,
        mode: shared ? 0o666 : 0o600,
        clock: this.#parts.clock,
        peerOf: this.#parts.peerOf ?? peerOf,
        accept: (channel) => this.#accept(channel, principal),
      });
      this.#servers.set(name, this.#owned.add(server));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ApplianceError('unavailable', `The socket ${path} can't be opened: ${reason}.`, { cause });
    }
  }

  /** Closes the door and every connection through it. Absent is fine. */
  async close(name: string): Promise<void> {
    const server = this.#servers.get(name);
    if (server === undefined) return;
    this.#servers.delete(name);
    await this.#owned.release(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#servers.clear();
    await this.#owned[Symbol.asyncDispose]();
  }

  #accept(channel: AcceptedChannel, principal: Principal): Connection {
    const { router, clock, log } = this.#parts;
    const identify = async () => {
      if (principal.identity === 'program') return programName(principal);
      return `local:${(await this.#user(channel)) ?? principal.name}`;
    };
    return new Connection(channel, { principal, router, clock, log, identify });
  }

  async #user({ peer }: AcceptedChannel): Promise<string | undefined> {
    const uid = (await peer)?.uid;
    return uid === undefined ? undefined : await userName(uid, this.#parts.files);
  }
}

/** node-ipc removes whatever socket it finds, also a living one. */
async function refuseSecondCore(path: string): Promise<void> {
  try {
    const channel = await openSocketChannel(path, { received() {}, drained() {}, closed() {} });
    channel.close();
  } catch {
    return; // absent, or left behind by a core that is gone
  }
  throw new ApplianceError('conflict', `Another core is running: it answers at ${path}. Stop it first.`);
}
