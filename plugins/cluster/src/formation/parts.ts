import { ApplianceError, type PluginContext } from '@gemel/core/sdk';
import { PeerService } from '@gemel/plugin-peer/contract';
import { corosyncFile, keyFile, renderCorosync } from '../corosync/corosync-conf.js';
import { drbdFile, renderPairResource } from '../drbd/drbd-resource.js';
import { clusterFolder, type StoredMembership } from '../membership/membership-service.js';
import type { Membership } from '../membership/membership.js';
import { type Engines, helperUnits } from './engines.js';
import type { FormationJournal } from './journal.js';
import type { CorosyncFiles, PairFiles } from './peer-requests.js';

/** What forming a cluster works with. */
export interface FormationParts {
  readonly context: PluginContext;
  readonly membership: StoredMembership;
  readonly journal: FormationJournal;
  readonly engines: Engines;
  readonly peer: PeerService;
}

/** While it is there, the engines of a disconnected node do not start, not by a boot either. */
export const stayOffFile = `${clusterFolder}/stay-off`;

/** While it is there, gemel-sites-start starts no site: they may run on the other device. Starting one by hand removes it. */
export const leftFile = `${clusterFolder}/left`;

/** Taken by gemel-cluster-forget.service. */
export const firstCibFile = `${clusterFolder}/first-cib.xml`;

export const pairPaths = [corosyncFile, keyFile, drbdFile] as const;

const secret = { mode: 0o600 };

export async function writePairFiles(parts: FormationParts, files: PairFiles): Promise<void> {
  if (files.drbd !== null) await parts.context.system.files.write(drbdFile, files.drbd, secret);
  await writeCorosyncFiles(parts, files);
}

export async function writeCorosyncFiles({ context }: FormationParts, files: CorosyncFiles): Promise<void> {
  const { system } = context;
  await system.files.write(keyFile, files.key, { mode: 0o400 });
  // Last: it is what makes this device a node of a cluster for every unit.
  await system.files.write(corosyncFile, files.corosync, secret);
}

/** DRBD, where it runs, is told what its file says now. */
export async function followVolume({ engines }: FormationParts, { drbd }: Pick<PairFiles, 'drbd'>): Promise<void> {
  if (drbd !== null) await engines.runHelper(helperUnits.volumeAdjust);
}

/** The files of a pair. @param key of knet. @param drbdSecret by which DRBD's two ends know each other. */
export function pairFiles(planned: Membership, key: string, drbdSecret: string): PairFiles {
  const replicated = planned.options?.replicated === true;
  return {
    corosync: renderCorosync(planned),
    key,
    drbd: replicated ? renderPairResource(planned, drbdSecret) : null,
  };
}

/** The same cluster as the other node sees it. */
export function seenFrom(membership: Membership, hostName: string): Membership {
  return { ...membership, thisNode: hostName };
}

/** Of knet. @throws ApplianceError `storage`. */
export async function readKey({ context }: FormationParts): Promise<string> {
  const key = await context.system.files.read(keyFile);
  if (key !== undefined) return key;
  throw new ApplianceError('storage', `${keyFile} is missing. Disband this node and create the cluster anew.`);
}
