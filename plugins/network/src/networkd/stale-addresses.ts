import type { FileChange } from '@gemel/core/sdk';
import { LinkIndex } from '../links/link-index.js';
import type { LinkFact } from '../settings/facts.js';
import type { NetworkModel } from '../settings/network-model.js';
import { interfaceOfFile } from './names.js';
import { parseUnitFile, unitValues } from './unit-file.js';

export interface StaleAddress {
  readonly link: string;
  /** With prefix. */
  readonly address: string;
}

/**
 * Static addresses of the files before this change that the kernel still has although no file names them now. networkd removes them itself;
 * but when it was restarted in between it takes them for somebody else's, which KeepConfiguration=static protects.
 */
export function staleAddresses(
  model: NetworkModel,
  links: readonly LinkFact[],
  changes: readonly FileChange[],
): readonly StaleAddress[] {
  const index = new LinkIndex({ links, connections: [] });
  const stale: StaleAddress[] = [];
  for (const change of changes) {
    const name = interfaceOfFile(change.path);
    if (name === undefined || change.before === undefined || !change.path.endsWith('.network')) continue;
    const subject = model.interfaces.get(name);
    const link = subject === undefined ? index.named(name) : index.find(subject);
    if (link === undefined) continue;
    const before = new Set(unitValues(parseUnitFile(change.before), 'Network', 'Address'));
    const now = new Set(
      change.after === undefined ? [] : unitValues(parseUnitFile(change.after), 'Network', 'Address'),
    );
    for (const { address, prefix } of link.addresses) {
      const text = `${address}/${prefix}`;
      if (before.has(text) && !now.has(text)) stale.push({ link: link.name, address: text });
    }
  }
  return stale;
}
