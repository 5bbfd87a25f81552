import { ApplianceError } from './errors.js';
import type { UnitManager } from './system.js';

/** `absent`: not installed, masked, or there is no systemd to ask. */
export type EngineState = 'running' | 'stopped' | 'absent';

/** The state of the unit that an engine runs in. @throws ApplianceError of `UnitManager.status`, but for `unavailable`. */
export async function engineState(units: Pick<UnitManager, 'status'>, unit: string): Promise<EngineState> {
  try {
    const { loadState, activeState } = await units.status(unit);
    if (loadState !== 'loaded') return 'absent';
    return activeState === 'active' || activeState === 'reloading' ? 'running' : 'stopped';
  } catch (failure) {
    if (failure instanceof ApplianceError && failure.code === 'unavailable') return 'absent';
    throw failure;
  }
}
