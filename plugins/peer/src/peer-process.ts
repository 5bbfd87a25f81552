import type { ExchangeRequest, ExchangeResult } from './wire/local.js';

/** The process `gemel-peer` as core uses it. @throws ApplianceError `unavailable` while it does not run. */
export interface PeerProcess {
  /** Of this node's own key. */
  fingerprint(signal?: AbortSignal): Promise<string>;
  /** Of the key that an appliance shows. */
  introduce(address: string, limitMs: number, signal?: AbortSignal): Promise<string>;
  exchange(request: ExchangeRequest, signal?: AbortSignal): Promise<ExchangeResult>;
}
