import type { DestinationStatus } from '#logging/forwarding/forwarding-status.js';

/** A destination over TCP of which all was sent. */
export const row: DestinationStatus = {
  name: 'a',
  receiver: 'h:514',
  protocol: 'tcp',
  state: 'sending',
  sent: 0,
  queued: 0,
  dropped: 0,
  countedAt: 1,
  lastError: null,
  lastErrorAt: null,
};
