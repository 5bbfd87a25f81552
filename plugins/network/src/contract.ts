import { createToken, type SectionReference } from '@gemel/core/sdk';
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

export interface NetworkService {
  /** Every configured interface and every NIC as it is now. @throws ApplianceError `unavailable` without iproute2. */
  interfaces(signal?: AbortSignal): Promise<readonly InterfaceState[]>;
  /** Name of the interface that has the address now. */
  interfaceWithAddress(address: string, signal?: AbortSignal): Promise<string | undefined>;
  /** Whether a neighbour answers on an interface; asks it anew, up to 3.5 s. */
  neighbourAnswers(address: string, interfaceName: string, signal?: AbortSignal): Promise<boolean>;
}

export const NetworkService = createToken<NetworkService>('network.service');
