import { type AnyAction, ApplianceError, defineAction, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { clusterProperties } from '../cib/base-configuration.js';
import { changeConfiguration } from '../formation/configuration-change.js';
import type { FormationParts } from '../formation/parts.js';
import type { ClusterOptions, Membership, Witness } from '../membership/membership.js';
import { parseNetworkAddress } from '../readiness/ip-network.js';

/** `gemel cluster witness …`: a third vote from a small box that runs corosync-qnetd. */
export function witnessActions(parts: FormationParts): readonly AnyAction[] {
  const output = z.object({
    witness: z.string().nullable().describe('Address of the witness; null without one.'),
    algorithm: z.string().describe('How it decides.'),
  });
  const present = ({ witness, algorithm }: z.output<typeof output>): View => ({
    kind: 'text',
    text: witness === null ? 'There is no witness.' : `Witness ${witness} (${algorithm}).`,
  });
  const said = (witness: Witness | null) => ({ witness: witness?.host ?? null, algorithm: witness?.algorithm ?? '' });
  return [
    defineAction({
      kind: 'call',
      id: 'cluster.witness.show',
      summary: 'Show the witness.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output,
      present,
      run: async () => said(parts.membership.current.options?.witness ?? null),
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.witness.set',
      summary: 'Use a box that runs corosync-qnetd as a third vote.',
      role: 'administrator',
      timeoutMs: 120_000,
      input: z.strictObject({
        host: z.string().min(1).max(64).describe('Address of the box. Both nodes must reach it.'),
        algorithm: z
          .enum(['ffsplit', 'lms'])
          .default('ffsplit')
          .describe('ffsplit: exactly one half goes on. lms: the last one that the witness sees goes on.'),
      }),
      output,
      positionals: ['host'],
      present,
      async run({ host, algorithm }) {
        const address = parseNetworkAddress(host);
        if (address === undefined || host.includes('/')) {
          throw new ApplianceError('invalid', `${host} is no address. Enter that of the box, without prefix.`);
        }
        return said(await change(parts, { host: address.text, algorithm }));
      },
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.witness.remove',
      summary: 'Do without the witness.',
      role: 'administrator',
      timeoutMs: 120_000,
      input: z.strictObject({}),
      output,
      confirmation:
        'Do without the witness? When both networks between the nodes fail at once, both may become active.',
      present,
      run: async () => said(await change(parts, null)),
    }),
  ];
}

async function change(parts: FormationParts, witness: Witness | null): Promise<Witness | null> {
  const current = parts.membership.must('connected', 'A witness needs a connected cluster.');
  const { options } = current;
  if (options === null) return null;
  const next: ClusterOptions = { ...options, witness };
  const planned: Membership = { ...current, options: next };
  const policy = async () =>
    parts.engines.setProperty('no-quorum-policy', clusterProperties(next)['no-quorum-policy'] ?? 'stop');
  // While votes are counted anew there may be no quorum for a moment, for which nothing must be stopped.
  if (witness === null) await policy();
  await changeConfiguration(parts, planned);
  if (witness !== null) await policy();
  return witness;
}
