import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { linkOver } from '../../system/socket-link.js';
import type { Admission, Admitted } from '../admission.js';
import type { Visitor } from '../incoming.js';
import { plainAddress } from '../throttle.js';
import type { Identity } from './identity.js';

/** From the first byte to the end of the handshake; strangers that dawdle hold a place no longer. */
const handshakeMs = 5_000;
/** OpenSSL's SSL_OP_NO_TICKET (ssl.h): sessions are not resumed, so that each connection proves its key anew. */
const noTicket = 0x4000;

export interface TlsServerOptions {
  readonly identity: Identity;
  /** `::` is every address of both families. */
  readonly host: string;
  readonly port: number;
  readonly admission: Admission;
  visited(visitor: Visitor): void;
}

/** The port for the other node. Whoever shows no key of its own is turned away. */
export async function listenTls(options: TlsServerOptions): Promise<AsyncDisposable> {
  const { identity, admission } = options;
  const tls = createTlsServer({
    key: identity.key,
    cert: identity.certificate,
    minVersion: 'TLSv1.3',
    requestCert: true,
    // the key is compared with the paired node's by core, not with that of an authority
    rejectUnauthorized: false,
    handshakeTimeout: handshakeMs,
    secureOptions: noTicket,
  });
  const places = new Map<string, Admitted>();
  const sockets = new Set<Socket>();
  const tcp = createTcpServer((socket) => {
    const admitted = admission.admit(plainAddress(socket.remoteAddress));
    if (admitted === undefined) return void socket.destroy();
    const origin = originOf(socket);
    sockets.add(socket);
    places.set(origin, admitted);
    socket.on('close', () => {
      sockets.delete(socket);
      places.delete(origin);
      admitted[Symbol.dispose]();
    });
    // the documented way to decide about a connection before its handshake
    return void tls.emit('connection', socket);
  });
  tls.on('tlsClientError', (_failure, socket) => void socket.destroy());
  tls.on('secureConnection', (socket: TLSSocket) => {
    const fingerprint = socket.getPeerX509Certificate()?.fingerprint256;
    const admitted = places.get(originOf(socket));
    if (fingerprint === undefined || admitted === undefined) return void socket.destroy();
    const address = plainAddress(socket.remoteAddress);
    return options.visited({ address, fingerprint, admitted, open: (link) => linkOver(socket, link) });
  });
  await listen(tcp, options.host, options.port);
  return {
    async [Symbol.asyncDispose]() {
      const { promise, resolve } = Promise.withResolvers<void>();
      tcp.close(() => resolve());
      for (const socket of sockets) socket.destroy();
      await promise;
    },
  };
}

/** Unique among open connections to one port; the same for a socket and the TLS on top of it. */
function originOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    await listening(server, host, port);
  } catch (failure) {
    // a kernel without IPv6
    if (host !== '::' || !(failure instanceof Error && 'code' in failure && failure.code === 'EAFNOSUPPORT'))
      throw failure;
    await listening(server, '0.0.0.0', port);
  }
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port }, resolve);
  try {
    await promise;
  } finally {
    server.off('error', reject);
  }
}
