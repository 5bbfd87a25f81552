import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { ApplianceError, type Clock } from '@gemel/core/sdk';
import { linkOver } from '../../system/socket-link.js';
import type { Dial } from '../outgoing.js';
import type { Identity } from './identity.js';

/**
 * Connects and shows this node's key. The other end's certificate is taken as it is: nothing is sent before its fingerprint was
 * compared with the one that is expected, which is the whole of the check. There is no authority, name or date that would count.
 */
export function tlsDial(identity: Identity, port: number, clock: Clock): Dial {
  return async (address, limitMs, signal) => {
    if (isIP(address) === 0) throw new ApplianceError('invalid', `${address} is not an IP address. Enter one.`);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect({
      host: address,
      port,
      key: identity.key,
      cert: identity.certificate,
      minVersion: 'TLSv1.3',
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      session: undefined,
    });
    const fail = (failure: ApplianceError) => {
      socket.destroy();
      reject(failure);
    };
    const failed = (cause: Error) =>
      fail(new ApplianceError('unavailable', `${address} cannot be reached: ${reasonOf(cause)}.`, { cause }));
    const cancel = () => fail(new ApplianceError('cancelled', 'The connection to the other node was cancelled.'));
    const closed = () => failed(new Error('it closed the connection'));
    using _limit = clock.after(limitMs, () =>
      fail(new ApplianceError('timeout', `${address} does not answer within ${limitMs / 1_000} s.`)),
    );
    signal.addEventListener('abort', cancel, { once: true });
    socket.on('error', failed);
    socket.once('close', closed);
    socket.once('secureConnect', () => resolve());
    if (signal.aborted) cancel();
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', cancel);
      socket.off('close', closed);
    }
    const fingerprint = socket.getPeerX509Certificate()?.fingerprint256;
    if (fingerprint === undefined) {
      socket.destroy();
      throw new ApplianceError('unavailable', `${address} shows no key. Is it a Gemel appliance?`);
    }
    return {
      fingerprint,
      open: (options) => {
        socket.off('error', failed);
        return linkOver(socket, options);
      },
      destroy: () => void socket.destroy(),
    };
  };
}

function reasonOf(cause: Error): string {
  const code = 'code' in cause ? cause.code : undefined;
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens on its port 7447';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no way to it';
    case 'ECONNRESET':
      return 'it reset the connection';
    default:
      return cause.message.replace(/\.$/, '');
  }
}
