import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What Pacemaker 3.0.0 and Corosync 3.1.9 of Debian 13 printed on a pair, node1 and node2. */
export function golden(name: string): string {
  return readFileSync(goldenPath(name), 'utf8');
}

export function goldenPath(name: string): string {
  return fileURLToPath(new URL(`../../../golden/cluster/${name}`, import.meta.url));
}
