import { readFileSync } from 'node:fs';

/** What Pacemaker 3.0.0 and Corosync 3.1.9 of Debian 13 printed on a pair, node1 and node2. */
export function golden(name: string): string {
  return readFileSync(new URL(`../../../golden/cluster/${name}`, import.meta.url), 'utf8');
}
