import { createToken, type Report, type SectionReference } from '@gemel/core/sdk';
import type { NetworkSettings } from './settings/schema.js';
import type { InterfaceState } from './state/network-state.js';

export {
  addressDuplicate,
  bondDegraded,
  bondDown,
  bondRecovered,
  configurationChanged,
  linkAppeared,
  linkCarrierGained,
  linkCarrierLost,
  linkDisappeared,
  linkRenamed,
} from './events.js';
export { type BondMode, bondModes, bondModeSummaries, bondOptionModes } from './bonds/bond-modes.js';
export type { BondSettings } from './bonds/bond-schema.js';
export type { NetworkSettings } from './settings/schema.js';
export type { BondState, InterfaceState, LinkState, VlanState } from './state/network-state.js';

/** The network section of the settings document. */
export const networkSection: SectionReference<NetworkSettings> = { id: 'network' };

/** What else has to be looked at over a new network; its reports join those of the network's own probe. */
export interface FurtherProbe {
  /** For the report that says that it could not be looked at: `Whether the DNS servers answer`. */
  readonly what: string;
  /** The settings that are running are the new ones. Of the 30 s that a probe has, a few should be enough. */
  look(signal: AbortSignal): Promise<readonly Report[]>;
}

export interface NetworkService {
  /** Every configured interface and every NIC as it is now. @throws ApplianceError `unavailable` without iproute2. */
  interfaces(signal?: AbortSignal): Promise<readonly InterfaceState[]>;
  /** Name of the interface that has the address now. */
  interfaceWithAddress(address: string, signal?: AbortSignal): Promise<string | undefined>;
  /** Whether a neighbour answers on an interface; asks it anew, up to 3.5 s. */
  neighbourAnswers(address: string, interfaceName: string, signal?: AbortSignal): Promise<boolean>;
  /** Looked at after each activation that changes the network, until disposed. */
  addProbe(probe: FurtherProbe): Disposable;
}

export const NetworkService = createToken<NetworkService>('network.service');
