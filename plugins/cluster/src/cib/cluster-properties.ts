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
