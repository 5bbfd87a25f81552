import { clusterProperties } from '../cib/base-configuration.js';
import type { Engines } from '../formation/engines.js';
import type { ClusterOptions } from '../membership/membership.js';

/** Sets only what is another than before: everything else may have been changed by somebody with pcs or crm. */
export async function setFencingProperties(
  engines: Engines,
  former: ClusterOptions,
  options: ClusterOptions,
): Promise<void> {
  const before = clusterProperties(former);
  for (const [name, value] of Object.entries(clusterProperties(options)))
    if (before[name] !== value) await engines.setProperty(name, value);
}
