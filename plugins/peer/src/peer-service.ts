import { ApplianceError, type Clock, type EventsAccess } from '@gemel/core/sdk';
import type { PairedPeer, PeerCallOptions, PeerOrigin, PeerRequest, PeerService, UnpairedPeer } from './contract.js';
import { Handlers } from './handlers.js';
import type { PeerLinkStatus } from './link-status.js';
import type { Pairing } from './pairing.js';
import { peerEvents } from './peer-events.js';
import type { PeerProcess } from './peer-process.js';
import { ping, type Pong, Reachability } from './reachability.js';
import type { Delivered, Delivery } from './wire/local.js';
import { fromWireError } from './wire/wire-error.js';

/** Of a request that says nothing else, milliseconds. */
const defaultTimeoutMs = 10_000;

export interface PeerServiceParts {
  readonly process: PeerProcess;
  readonly pairing: Pairing;
  readonly clock: Clock;
  readonly events: EventsAccess;
  /** Of Gemel, told to the other node. */
  readonly version: string;
  /** Called when what `link` gives may have changed. */
  changed(): void;
}

/** The way to the other node's core: through `gemel-peer`, which carries and proves keys; trust is decided here. */
export class PeerServiceImpl implements PeerService, Disposable {
  readonly #parts: PeerServiceParts;
  readonly #handlers = new Handlers();
  readonly #reachability: Reachability;
  readonly #ping: Disposable;

  constructor(parts: PeerServiceParts) {
    this.#parts = parts;
    const { clock, events, version, changed } = parts;
    this.#reachability = new Reachability(clock, events, () => this.#askPing(), changed);
    this.#ping = this.#handlers.add(ping, async () => ({ at: clock.now(), version }));
  }

  get paired(): PairedPeer | undefined {
    return this.#parts.pairing.paired;
  }

  get reachable(): boolean {
    return this.#reachability.reachable;
  }

  /** Begins to look for the node that this one is paired with. */
  start(): void {
    this.#reachability.watch(this.paired);
  }

  [Symbol.dispose](): void {
    this.#ping[Symbol.dispose]();
    this.#reachability[Symbol.dispose]();
  }

  async fingerprint(): Promise<string> {
    return this.#parts.process.fingerprint();
  }

  async introduce(
    address: string,
    { signal, timeoutMs = defaultTimeoutMs }: PeerCallOptions = {},
  ): Promise<UnpairedPeer> {
    return { address, fingerprint: await this.#parts.process.introduce(address, timeoutMs, signal) };
  }

  async callUnpaired<Input, Output>(
    { address, fingerprint }: UnpairedPeer,
    request: PeerRequest<Input, Output>,
    input: Input,
    options?: PeerCallOptions,
  ): Promise<Output> {
    const { body } = await this.#exchange({ addresses: [address], fingerprint }, request, input, options);
    return body;
  }

  async call<Input, Output>(
    request: PeerRequest<Input, Output>,
    input: Input,
    options?: PeerCallOptions,
  ): Promise<Output> {
    const { body } = await this.#exchange(this.#pairedOrThrow(), request, input, options);
    return body;
  }

  handle<Input, Output>(
    request: PeerRequest<Input, Output>,
    handler: (input: Input, origin: PeerOrigin, signal: AbortSignal) => Promise<Output>,
  ): Disposable {
    return this.#handlers.add(request, handler);
  }

  handleLater(load: () => Promise<readonly Disposable[]>): Disposable {
    return this.#handlers.addLater(load);
  }

  async pair(peer: PairedPeer): Promise<void> {
    await this.#parts.pairing.set(peer);
    this.#parts.events.publish(peerEvents.paired, { hostName: peer.hostName, fingerprint: peer.fingerprint });
    this.#reachability.watch(peer);
    this.#parts.changed();
  }

  async unpair(): Promise<void> {
    const before = this.paired;
    if (before === undefined) return;
    await this.#parts.pairing.clear();
    this.#reachability.watch(undefined);
    this.#parts.events.publish(peerEvents.unpaired, { hostName: before.hostName });
    this.#parts.changed();
  }

  refuseStrangers(reason: () => string | undefined): Disposable {
    return this.#handlers.refuseStrangers(reason);
  }

  /** A request of another node, as `gemel-peer` hands it over. */
  deliver(delivery: Delivery, signal: AbortSignal): Promise<Delivered> {
    return this.#handlers.deliver(delivery, this.paired, signal);
  }

  /** What surfaces show. */
  async link(): Promise<PeerLinkStatus> {
    const own = await this.#ownFingerprint();
    const { paired } = this;
    if (paired === undefined) return { ...own, paired: null };
    const { answer, reachable, reason } = this.#reachability;
    return {
      ...own,
      paired: {
        hostName: paired.hostName,
        fingerprint: paired.fingerprint,
        addresses: [...paired.addresses],
        reachable,
        address: answer?.address ?? null,
        lastSeen: answer?.seenAt ?? null,
        roundTripMs: answer?.roundTripMs ?? null,
        clockSkewMs: answer?.clockSkewMs ?? null,
        version: answer?.version ?? null,
        reason: reachable ? null : (reason ?? null),
      },
    };
  }

  async #ownFingerprint(): Promise<Pick<PeerLinkStatus, 'fingerprint' | 'service'>> {
    try {
      return { fingerprint: await this.fingerprint(), service: null };
    } catch (thrown) {
      if (!(thrown instanceof ApplianceError)) throw thrown;
      return { fingerprint: null, service: thrown.message };
    }
  }

  #pairedOrThrow(): PairedPeer {
    const { paired } = this;
    if (paired !== undefined) return paired;
    throw new ApplianceError('unavailable', 'This node is not paired with another one.');
  }

  async #askPing(): Promise<Pong> {
    const { body, address } = await this.#exchange(this.#pairedOrThrow(), ping, {});
    return { ...body, address };
  }

  async #exchange<Input, Output>(
    to: Pick<PairedPeer, 'addresses' | 'fingerprint'>,
    request: PeerRequest<Input, Output>,
    body: Input,
    { signal, timeoutMs = request.timeoutMs ?? defaultTimeoutMs }: PeerCallOptions = {},
  ): Promise<{ readonly body: Output; readonly address: string }> {
    const { addresses, fingerprint } = to;
    const paired = fingerprint === this.paired?.fingerprint;
    const wanted = { addresses, fingerprint, paired, request: request.id, body, limitMs: timeoutMs };
    const result = await this.#parts.process.exchange(wanted, signal);
    if (result.kind === 'thrown') throw fromWireError(result.error);
    const parsed = request.output.safeParse(result.body);
    if (parsed.success) return { body: parsed.data, address: result.address };
    throw new ApplianceError(
      'engine-failed',
      `The other node answered ${request.id} with something that does not fit here. Do both run the same version?`,
      { cause: parsed.error },
    );
  }
}
