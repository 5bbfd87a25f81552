import type { Report } from '@gemel/core/sdk';
import { resourceReports } from './resource-reports.js';

const base = ['drbd-data', 'drbd-data-clone', 'data', 'cluster-ip', 'active', 'external', 'external-clone'];

/** Names that Gemel gives itself; what they stand for is changed by its other commands. */
export function reservation(name: string): readonly Report[] {
  if (base.includes(name)) {
    const remedy = 'It is set up with the cluster. See: gemel cluster --help';
    return [resourceReports.report('cluster.resource.reserved', { name, remedy }, 'name')];
  }
  if (name.startsWith('site-')) {
    const remedy = 'Sites have commands of their own: gemel site --help';
    return [resourceReports.report('cluster.resource.reserved', { name, remedy }, 'name')];
  }
  if (name.startsWith('fence-')) {
    const remedy = 'Fencing has commands of its own: gemel cluster fencing --help';
    return [resourceReports.report('cluster.resource.reserved', { name, remedy }, 'name')];
  }
  return [];
}
