import { createToken } from '@gemel/core/sdk';
import type { z } from 'zod';

export { peerEvents } from './peer-events.js';

/**
 * A request that one node's core makes to the other's, carried by `gemel-peer` over TLS. Definition and handler live in the
 * plugin that owns the matter; both nodes must know the same definition.
 */
export interface PeerRequest<Input, Output> {
  /** Dotted, begins with the plugin's id: `cluster.join.prepare`. */
  readonly id: string;
  /**
   * `pinned`: only from the node this one is paired with, proven by its pinned key.
   * `anyone`: before pairing, over TLS whose fingerprint the caller has checked; throttled, and refused while this node is paired.
   */
  readonly trust: 'pinned' | 'anyone';
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  /** Default 10,000. */
  readonly timeoutMs?: number;
}

export function definePeerRequest<Input, Output>(request: PeerRequest<Input, Output>): PeerRequest<Input, Output> {
  return request;
}

export interface PeerCallOptions {
  readonly signal?: AbortSignal;
  /** Instead of the request's own limit. */
  readonly timeoutMs?: number;
}

/** What a handler is told of the other end. */
export interface PeerOrigin {
  /** Address the request came from. */
  readonly address: string;
  /** SHA-256 of the other node's certificate, upper-case hexadecimal pairs joined by `:`; always proven by TLS. */
  readonly fingerprint: string;
}

/** Another appliance whose key is known but that is not paired yet. */
export interface UnpairedPeer {
  readonly address: string;
  readonly fingerprint: string;
}

export interface PairedPeer {
  readonly hostName: string;
  readonly fingerprint: string;
  /** Tried in this order: synchronisation network first, then external. */
  readonly addresses: readonly string[];
}

/** The way to the other node's core. */
export interface PeerService {
  /** SHA-256 of this node's certificate; made at the first start. */
  fingerprint(): Promise<string>;
  /** Undefined while this node is paired with none. */
  readonly paired: PairedPeer | undefined;
  /** Whether the last exchange with the paired node, at most 10 s ago, succeeded. */
  readonly reachable: boolean;
  /** Asks an appliance for its fingerprint, so that a person can compare it. @throws ApplianceError `unavailable`, `timeout`. */
  introduce(address: string, options?: PeerCallOptions): Promise<UnpairedPeer>;
  /** Calls an appliance that is not paired, over TLS that must show `peer.fingerprint`. @throws ApplianceError as the handler threw, `unavailable`, `timeout`, `forbidden`. */
  callUnpaired<Input, Output>(
    peer: UnpairedPeer,
    request: PeerRequest<Input, Output>,
    input: Input,
    options?: PeerCallOptions,
  ): Promise<Output>;
  /** Calls the paired node. @throws ApplianceError as the handler threw there, `unavailable` when it cannot be reached or none is paired, `timeout`. */
  call<Input, Output>(request: PeerRequest<Input, Output>, input: Input, options?: PeerCallOptions): Promise<Output>;
  /** Answers requests of the other node. */
  handle<Input, Output>(
    request: PeerRequest<Input, Output>,
    handler: (input: Input, origin: PeerOrigin, signal: AbortSignal) => Promise<Output>,
  ): Disposable;
  /** Handlers that are loaded when a request comes that nobody answers: a device that is asked nothing starts without them. */
  handleLater(load: () => Promise<readonly Disposable[]>): Disposable;
  /** From now on only this node is trusted. On disk before it resolves. */
  pair(peer: PairedPeer): Promise<void>;
  /** Trusts nobody any more. */
  unpair(): Promise<void>;
  /** Whether requests of `anyone` are answered; asked each time. Undefined means yes, a text says why not. */
  refuseStrangers(reason: () => string | undefined): Disposable;
}

export const PeerService = createToken<PeerService>('peer.service');

/** Where settings of cluster scope may be edited: on the active node. */
export type EditableSettings = 'here' | 'there' | 'both-were-active';

/** Settings of cluster scope, which are kept the same on both nodes. */
export interface SharedSettingsService {
  /**
   * Says which node is the active one; asked each time. Its settings win in a new pair. Later the node that changed a section since both
   * had the same wins, and a section that both changed, as while both were active, waits for a person.
   */
  decideEditable(editable: () => EditableSettings): Disposable;
  /** Compares now, as after a change of roles, and takes over what the other node has newer. Never throws. */
  compare(): Promise<void>;
  /** True when the last comparison found no difference. */
  readonly same: boolean;
}

export const SharedSettingsService = createToken<SharedSettingsService>('peer.shared-settings');
