import type { Engines } from '../formation/engines.js';
import type { ClusterOptions } from '../membership/membership.js';
import { clusterProperties } from './base-configuration.js';

/** Sets only what is another than before: everything else may have been changed by somebody with pcs or crm. */
export async function setClusterProperties(
  engines: Engines,
  former: ClusterOptions | null,
  options: ClusterOptions | null,
): Promise<void> {
  if (former === null || options === null) return;
  const before = clusterProperties(former);
  for (const [name, value] of Object.entries(clusterProperties(options)))
    if (before[name] !== value) await engines.setProperty(name, value);
}

/**
 * For as long as the nodes come together or part: votes are counted anew and one of the nodes is away, for which nothing must be stopped and
 * nobody be switched off. Nothing is said where neither fencing nor a witness is in use.
 */
export async function loosen(engines: Engines, options: ClusterOptions | null): Promise<void> {
  await setClusterProperties(engines, options, loosened(options));
}

/** Whatever Pacemaker was told meanwhile. */
export async function tighten(engines: Engines, options: ClusterOptions | null): Promise<void> {
  await setClusterProperties(engines, loosened(options), options);
}

function loosened(options: ClusterOptions | null): ClusterOptions | null {
  return options && { ...options, fencing: [], witness: null };
}
