import type { BondSettings } from './bond-schema.js';

/** Used when neither monitor is entered. The kernel's own default is to watch nothing, so a broken cable would go unnoticed. */
const defaultMiiMonitorMs = 100;

/** Milliseconds between looks at the members' carrier; 0 when the bond does not look. */
export function miiMonitorOf(bond: BondSettings): number {
  return bond.miiMonitorMs ?? (bond.arpMonitor === undefined ? defaultMiiMonitorMs : 0);
}
