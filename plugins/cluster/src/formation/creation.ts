import { type ActionCall, ApplianceError, type Report } from '@gemel/core/sdk';
import { NetworkService, networkSection } from '@gemel/plugin-network/contract';
import { dcDeadtime, renderFirstCib } from '../cib/base-configuration.js';
import { corosyncFile, keyFile, renderCorosync } from '../corosync/corosync-conf.js';
import { freshKey } from '../keys/corosync-key.js';
import type { Membership } from '../membership/membership.js';
import { thisMember } from '../membership/membership.js';
import { parseNetworkAddress } from '../readiness/ip-network.js';
import { readNode } from '../readiness/read-node.js';
import { type CreateFacts, type CreateInput, type CreatePlan, planCreate } from './create-plan.js';
import { helperUnits } from './engines.js';
import { type FormationParts, firstCibFile } from './parts.js';

/** Verifies only. */
export async function previewCreate(
  parts: FormationParts,
  input: CreateInput,
  signal: AbortSignal,
): Promise<CreatePlan> {
  return planCreate(input, await readFacts(parts, input, signal));
}

/**
 * Makes this node a cluster of one that is operational, without stopping anything: Pacemaker finds volume, mount and services
 * running and takes them over.
 */
export async function createCluster(
  parts: FormationParts,
  input: CreateInput,
  { signal }: Pick<ActionCall, 'signal'>,
): Promise<{ readonly membership: Membership; readonly reports: readonly Report[] }> {
  const { context, membership, journal, engines } = parts;
  const before = membership.must('none', 'Disband it first: gemel cluster disband.');
  journal.mustBeClosed();
  const { reports, membership: planned } = await previewCreate(parts, input, signal);
  if (planned === undefined) {
    const first = reports.find(({ severity }) => severity === 'error');
    throw new ApplianceError('invalid', first?.text ?? 'The cluster cannot be created like this.', { reports });
  }
  await journal.begin('create', context.system.clock.now(), { before, planned }, [corosyncFile, keyFile]);
  try {
    await context.system.files.write(firstCibFile, renderFirstCib(planned), { mode: 0o600 });
    await engines.runHelper(helperUnits.forget);
    await context.system.files.remove(firstCibFile);
    await context.system.files.write(keyFile, freshKey(), { mode: 0o400 });
    await context.system.files.write(corosyncFile, renderCorosync(planned), { mode: 0o600 });
    await journal.step('engines');
    await engines.start(signal);
    await engines.operational([planned.thisNode], signal);
    await engines.setProperty('dc-deadtime', dcDeadtime);
    await membership.set(planned);
  } catch (failure) {
    await undoCreate(parts);
    throw failure;
  }
  await journal.end();
  return { membership: planned, reports };
}

/** Back to a single appliance; what ran goes on running. */
export async function undoCreate({ context, journal, engines }: FormationParts): Promise<void> {
  const { planned, step } = journal.open ?? {};
  if (planned === undefined) return;
  if (step === 'engines') {
    // Pacemaker must let go of what it found running. When it never came up there is nothing to tell it.
    await engines.setHandsOff(true).catch((failure: unknown) => {
      context.log.warn({ failure: String(failure) }, 'Pacemaker could not be told to leave the services alone');
    });
    await engines.stop();
    const [own, address] = [thisMember(planned), planned.clusterIp];
    if (own !== undefined && address !== null) {
      await engines.removeAddress(address.address, address.prefix, own.external.interface);
    }
  }
  await journal.restoreFiles();
  await context.system.files.remove(firstCibFile);
  await engines.runHelper(helperUnits.forget);
  if (step === 'engines') await engines.ensureSingle();
  await journal.end();
}

async function readFacts({ context }: FormationParts, input: CreateInput, signal: AbortSignal): Promise<CreateFacts> {
  const node = await readNode(context, signal);
  const network = context.settings.confirmed(networkSection);
  const settings = { ...network.links, ...network.bonds, ...network.vlans }[input.external];
  const gateways = [settings?.ipv4?.gateway, settings?.ipv6?.gateway].flatMap((gateway) => gateway ?? []);
  const service = context.get(NetworkService);
  const address = parseNetworkAddress(input.clusterIp)?.text;
  const isKnown = node.interfaces.some(({ name }) => name === input.external);
  const isTaken = address !== undefined && isKnown && (await service.neighbourAnswers(address, input.external, signal));
  return { node, gateways, clusterIpHolder: isTaken ? 'another machine of that network' : undefined };
}
