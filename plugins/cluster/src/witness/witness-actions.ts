import { type AnyAction, ApplianceError, defineAction, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import type { FormationParts } from '../formation/parts.js';
import { parseNetworkAddress } from '../readiness/ip-network.js';
import { enterWitness, useWitness } from './enter-witness.js';
import { readWitnessVotes } from './witness-votes.js';

/** `gemel cluster witness …`: a third vote from a small box that runs corosync-qnetd. */
export function witnessActions(parts: FormationParts): readonly AnyAction[] {
  const { context, membership } = parts;
  const output = z.object({
    witness: z.string().nullable().describe('Address of the witness; null without one.'),
    algorithm: z.string().describe('How it decides.'),
    votesFor: z.array(z.string()).describe('Host names of the nodes that have its vote now.'),
  });
  const said = async (signal: AbortSignal): Promise<z.output<typeof output>> => {
    const { options, nodes } = membership.current;
    const witness = options?.witness ?? null;
    if (witness === null) return { witness: null, algorithm: '', votesFor: [] };
    const votes = await readWitnessVotes(context.system.commands, signal);
    const votesFor = nodes.filter(({ nodeId }) => votes?.get(nodeId) === true).map(({ hostName }) => hostName);
    return { witness: witness.host, algorithm: witness.algorithm, votesFor };
  };
  const present = ({ witness, algorithm, votesFor }: z.output<typeof output>): View => {
    if (witness === null) return { kind: 'text', text: 'There is no witness.' };
    const votes = votesFor.length === 0 ? 'no node' : votesFor.join(' and ');
    const text = `Witness ${witness} (${algorithm}). It votes for ${votes}.`;
    return { kind: 'text', text, tone: votesFor.length === membership.current.nodes.length ? 'ok' : 'bad' };
  };
  return [
    defineAction({
      kind: 'call',
      id: 'cluster.witness.show',
      summary: 'Show the witness, and which nodes have its vote.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output,
      present,
      run: (_input, { signal }) => said(signal),
    }),
    defineAction({
      kind: 'call',
      id: 'cluster.witness.set',
      summary: 'Use a box that runs corosync-qnetd as a third vote.',
      role: 'administrator',
      // Each of up to four changes of both nodes takes some seconds; besides, the vote is waited for.
      timeoutMs: 240_000,
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
      async run({ host, algorithm }, { signal }) {
        const address = parseNetworkAddress(host);
        if (address === undefined || host.includes('/')) {
          throw new ApplianceError('invalid', `${host} is no address. Enter that of the box, without prefix.`);
        }
        await enterWitness(parts, { host: address.text, algorithm }, signal);
        return said(signal);
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
      async run(_input, { signal }) {
        await useWitness(parts, null);
        return said(signal);
      },
    }),
  ];
}
