import type { Socket } from 'node:net';
import { Link, type LinkOptions } from '../wire/link.js';

/** A link over a connected socket. The socket ends with the link, and the link with the socket. */
export function linkOver(socket: Socket, options: LinkOptions): Link {
  const link = new Link(
    {
      write: (bytes) => void socket.write(bytes),
      get pendingBytes() {
        return socket.writableLength;
      },
      destroy: () => void socket.destroy(),
    },
    options,
  );
  socket.setNoDelay(true);
  socket.on('data', (chunk: Buffer) => link.received(chunk));
  socket.on('error', (failure) => link.close(failure.message));
  socket.on('end', () => link.close('the other side closed it'));
  socket.on('close', () => link.close('it was closed'));
  return link;
}
