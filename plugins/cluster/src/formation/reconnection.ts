import { randomBytes } from 'node:crypto';
import { ApplianceError, type JobCall } from '@gemel/core/sdk';
import { corosyncFile, renderCorosync } from '../corosync/corosync-conf.js';
import { type Member, type Membership, otherMember, thisMember } from '../membership/membership.js';
import { isInNetwork, parseNetworkAddress } from '../readiness/ip-network.js';
import { judgePair } from '../readiness/judge-pair.js';
import type { NodeView } from '../readiness/node-view.js';
import { readNode } from '../readiness/read-node.js';
import { withReferences } from './external-references.js';
import { formPair, judgeHardware, ownAddresses, refuseUnready, synchronise } from './connection.js';
import { addressesOf } from './joining.js';
import { type FormationParts, pairFiles, readKey, seenFrom } from './parts.js';
import * as requests from './peer-requests.js';
import { renamedOptions, renamesOf } from './renaming.js';

/**
 * Puts a disconnected pair together again, with the addresses and host names that its nodes have now.
 * @param references addresses that show from now on whether the external network is reached; the same as before where none are given.
 */
export async function reconnect(
  parts: FormationParts,
  peerAddress: string | undefined,
  call: JobCall,
  references?: readonly string[],
): Promise<Membership> {
  const { context, membership, peer } = parts;
  const current = membership.must('disconnected', 'Only a disconnected cluster can be reconnected.');
  if (!current.keepsServices) throw new ApplianceError('conflict', 'Reconnect on the node that kept the services.');
  const { paired } = peer;
  if (paired === undefined) {
    throw new ApplianceError(
      'conflict',
      'The key of the other node is not known any more. Replace it: gemel cluster replace.',
    );
  }
  const wanted = withReferences(current, references);
  call.progress(undefined, 'Asking the other node');
  // Its addresses may be others than before; its key is the same.
  if (peerAddress !== undefined) await peer.pair({ ...paired, addresses: [peerAddress, ...paired.addresses] });
  const { clock } = context.system;
  const own = await readNode(context, call.signal);
  const began = clock.monotonic();
  const other = await peer.call(requests.nodeLook, {}, { signal: call.signal });
  const tookMs = clock.monotonic() - began;
  const planned = planAgain(wanted, own, other);
  refuseUnready(
    judgePair({
      own,
      other,
      planned,
      clockOffsetMs: other.now + tookMs / 2 - clock.now(),
      clockErrorMs: tookMs / 2,
      hardware: judgeHardware(parts, own, other),
    }),
  );
  const files = pairFiles(planned, await readKey(parts), randomBytes(24).toString('hex'));
  const caller = { hostName: planned.thisNode, addresses: ownAddresses(planned) };
  // Corosync takes new addresses of the other node while it runs, not those of its own; nor does Pacemaker take another host name.
  const isMoved = planned.thisNode !== current.thisNode || current.movedAlone === true;
  await formPair(
    parts,
    planned,
    files,
    call,
    async () => {
      await peer.call(requests.rejoinLeave, {});
      await peer.call(requests.rejoinPrepare, { planned: seenFrom(planned, other.hostName), files, caller });
      await peer.pair({ ...paired, hostName: other.hostName, addresses: addressesOf(planned) });
    },
    isMoved,
  );
  await synchronise(parts, files, call);
  return planned;
}

/** The same two nodes on the same interfaces, with what is on them now. Pure. */
export function planAgain(current: Membership, own: NodeView, other: NodeView): Membership {
  const [self, peer] = [thisMember(current), otherMember(current)];
  if (self === undefined || peer === undefined)
    throw new ApplianceError('conflict', 'The cluster has one node only. Connect another.');
  const held = current.clusterIp?.address;
  const nodes = [moved(self, own, held), moved(peer, other, held)].toSorted((one, two) => one.nodeId - two.nodeId);
  const { movedAlone: _, ...same } = current;
  const next: Membership = { ...same, phase: 'connected', thisNode: own.hostName, nodes, keepsServices: true };
  return { ...next, options: renamedOptions(current.options, renamesOf(current, next)) };
}

/**
 * The addresses and host name of a node that runs alone may change at any time. What its engines read at the next boot must fit;
 * what runs goes on with the former ones.
 */
export async function followOwnAddresses({ context, membership, journal }: FormationParts): Promise<void> {
  const { current } = membership;
  const [own, isAlone] = [thisMember(current), current.phase === 'created' || current.phase === 'disconnected'];
  if (own === undefined || !isAlone || !current.keepsServices || journal.open !== undefined) return;
  const view = await readNode(context);
  const next = moved(own, { ...view, hostName: own.hostName }, current.clusterIp?.address);
  if (JSON.stringify(next) === JSON.stringify(own)) return;
  const nodes = current.nodes.map((member) => (member === own ? next : member));
  const alone = renderCorosync({ ...current, nodes: [next] });
  await context.system.files.write(corosyncFile, alone, { mode: 0o600 });
  await membership.set({ ...current, nodes, movedAlone: true });
}

function moved(member: Member, view: NodeView, clusterIp: string | undefined): Member {
  const now = (network: 'sync' | 'external') => present(member, network, view, clusterIp);
  return { hostName: view.hostName, nodeId: member.nodeId, sync: now('sync'), external: now('external') };
}

/** The former address if the interface still has it, else one in the former network, else the interface's first. */
function present(
  member: Member,
  network: 'sync' | 'external',
  view: NodeView,
  clusterIp: string | undefined,
): Member['sync'] {
  const { interface: name, address } = member[network];
  const found = view.interfaces
    .find((each) => each.name === name)
    ?.addresses.flatMap((text) => parseNetworkAddress(text) ?? [])
    .filter(({ text }) => text !== clusterIp);
  const former = parseNetworkAddress(address);
  const now =
    found?.find(({ text }) => text === address) ??
    found?.find((each) => former !== undefined && isInNetwork(former, each)) ??
    found?.[0];
  if (now !== undefined) return { interface: name, address: now.text };
  throw new ApplianceError(
    'conflict',
    `${name} of ${view.hostName} has no address. Give it one in the ${network === 'sync' ? 'synchronisation' : 'external'} network first.`,
  );
}
