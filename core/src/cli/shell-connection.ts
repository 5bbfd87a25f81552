import type { RequestOptions } from '../ipc/core-client.js';

/**
 * Where the shell that `gemel` runs in comes from, as sshd tells it: client address and port, own address and port. With it
 * core warns of a change that takes this very connection away. sudo keeps it only when told to; then core does not know.
 */
export function shellConnection(
  environment: Readonly<Record<string, string | undefined>>,
): Pick<RequestOptions, 'onBehalf'> {
  const [address, , localAddress] = environment['SSH_CONNECTION']?.split(' ') ?? [];
  return address === undefined || localAddress === undefined ? {} : { onBehalf: { remote: { address, localAddress } } };
}
