import { ApplianceError } from '@gemel/core/sdk';
import { externalClone } from '../cib/base-configuration.js';
import type { Membership } from '../membership/membership.js';
import { clusterReports } from '../reports.js';
import { isPlain } from './create-plan.js';
import type { Engines } from './engines.js';

/**
 * The cluster with other addresses that show whether the external network is reached; the same where none are given. Pure.
 * @throws ApplianceError `invalid`, `conflict`.
 */
export function withReferences(current: Membership, references: readonly string[] = []): Membership {
  if (references.length === 0 || current.options === null) return current;
  const reports = references
    .filter((address) => !isPlain(address))
    .map((address) => clusterReports.report('cluster.reference.invalid', { address }, 'externalReferences'));
  const [first] = reports;
  if (first !== undefined) throw new ApplianceError('invalid', first.text, { reports });
  if (current.options.externalReferences.length === 0) {
    throw new ApplianceError(
      'conflict',
      'This cluster was created without external references. Disband both nodes and create it anew with some.',
    );
  }
  return { ...current, options: { ...current.options, externalReferences: [...references] } };
}

/** The pings go to the addresses of `next` from now on. Taking it back is the same the other way round; asked twice it changes nothing. */
export async function carryReferences(engines: Engines, former: Membership, next: Membership): Promise<void> {
  const references = next.options?.externalReferences ?? [];
  const before = former.options?.externalReferences ?? [];
  if (references.length === 0 || references.join(' ') === before.join(' ')) return;
  await engines.merge(`<configuration>\n<resources>\n${externalClone(references)}\n</resources>\n</configuration>\n`);
}
