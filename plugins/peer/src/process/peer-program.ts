import { ApplianceError, type Clock, DisposableStore } from '@gemel/core/sdk';
import type { AnswerCall } from '../wire/link.js';
import type { ExchangeRequest } from '../wire/local.js';
import { isRecord } from '../wire/wire-error.js';
import { Admission } from './admission.js';
import { CoreSocketDoor } from './core-door.js';
import { Incoming } from './incoming.js';
import { Outgoing } from './outgoing.js';
import { readIdentity } from './system/identity.js';
import { listenLocal } from './system/local-server.js';
import { tlsDial } from './system/tls-dial.js';
import { listenTls } from './system/tls-server.js';

export interface PeerProgramOptions {
  /** PEM with key and certificate. */
  readonly identity: string;
  /** Where this process listens for core. */
  readonly local: string;
  /** Core's socket for the principal `peer`. */
  readonly core: string;
  readonly host: string;
  /** Here and on every other node. */
  readonly port: number;
  readonly clock: Clock;
}

export interface PeerProgram extends AsyncDisposable {
  readonly fingerprint: string;
}

/** `gemel-peer`: the only process of Gemel that speaks to the other node. It carries, and core decides. */
export async function startPeerProgram(options: PeerProgramOptions): Promise<PeerProgram> {
  const { clock } = options;
  const owned = new DisposableStore();
  const identity = await readIdentity(options.identity);
  const core = owned.add(new CoreSocketDoor(options.core));
  const admission = new Admission(clock);
  const dial = tlsDial(identity, options.port, clock);
  const outgoing = owned.add(new Outgoing(clock, dial, (address) => admission.trustSource(address)));
  const answer = async (method: string, body: unknown, { signal, limitMs }: AnswerCall): Promise<unknown> => {
    switch (method) {
      case 'identity':
        return { fingerprint: identity.fingerprint };
      case 'introduce':
        return { fingerprint: await outgoing.introduce(addressIn(body), limitMs, signal) };
      case 'exchange':
        return outgoing.exchange(body as ExchangeRequest, signal); // core's own message: only root opens the socket
      default:
        throw new ApplianceError(
          'invalid',
          `gemel-peer does not know ${method}. Restart it: it may be older than core.`,
        );
    }
  };
  try {
    const visited = (visitor: ConstructorParameters<typeof Incoming>[1]) =>
      void new Incoming({ clock, core, admission }, visitor);
    const { host, port } = options;
    owned.add(await listenTls({ identity, host, port, admission, visited }));
    owned.add(await listenLocal(options.local, clock, answer));
    return {
      fingerprint: identity.fingerprint,
      [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
    };
  } catch (failure) {
    await owned[Symbol.asyncDispose]();
    throw failure;
  }
}

function addressIn(body: unknown): string {
  const address = isRecord(body) ? body['address'] : undefined;
  if (typeof address !== 'string') throw new ApplianceError('invalid', 'address must be text.');
  return address;
}
