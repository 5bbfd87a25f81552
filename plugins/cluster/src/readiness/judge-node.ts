import { networksOverlap, parseNetworkAddress } from './ip-network.js';
import { met, type NodeView, type ReadinessItem, unmet } from './node-view.js';

/** Names that a device has before anybody gave it one. */
const factoryNames = ['gemel', 'localhost'];

/** Can this node enter a cluster? Pure; what the other node must add is `judgePair`'s. */
export function judgeNode(node: NodeView): readonly ReadinessItem[] {
  return [advancedMode(node), networks(node), hostName(node), engines(node), volume(node), draft(node)];
}

function advancedMode({ advancedMode: is }: NodeView): ReadinessItem {
  const id = 'advanced-mode';
  if (is) return met(id, 'The network settings are in Advanced Mode.');
  return unmet(
    id,
    'The network settings are in Simple Mode, which has one interface.',
    'gemel network mode set advanced, then enter two interfaces and activate.',
  );
}

/** Two interfaces whose networks do not overlap: one cut cable or switch must not take both. */
function networks({ interfaces }: NodeView): ReadinessItem {
  const id = 'two-networks';
  const fixed = interfaces.filter((each) => each.fixed && each.addresses.length > 0);
  const names = fixed.map(({ name }) => name).join(', ');
  if (fixed.length < 2) {
    const have = fixed.length === 0 ? 'No interface has' : `Only ${names} has`;
    return unmet(
      id,
      `${have} an entered address.`,
      'Give addresses to two interfaces in different networks, one external and one for synchronisation: gemel network address add.',
    );
  }
  const apart = fixed.some((one, index) =>
    fixed.slice(index + 1).some((other) => areApart(one.addresses, other.addresses)),
  );
  if (apart) return met(id, `Interfaces with addresses of their own: ${names}.`);
  return unmet(
    id,
    `${names} are all in one network.`,
    'Give the synchronisation interface an address in a network of its own: gemel network address add.',
  );
}

function areApart(one: readonly string[], other: readonly string[]): boolean {
  const [first, second] = [one, other].map((texts) => texts.flatMap((text) => parseNetworkAddress(text) ?? []));
  return (first ?? []).every((a) => (second ?? []).every((b) => !networksOverlap(a, b)));
}

function hostName({ hostName: name }: NodeView): ReadinessItem {
  const id = 'host-name';
  const [label = ''] = name.split('.');
  if (!factoryNames.includes(label)) return met(id, `The host name is ${name}.`);
  return unmet(
    id,
    `The host name is still ${name}, which the other node has from the factory too.`,
    'gemel device host-name set NAME, then activate.',
  );
}

function engines({ missingEngines: missing }: NodeView): ReadinessItem {
  const id = 'engines';
  if (missing.length === 0) return met(id, 'Corosync and Pacemaker are installed.');
  return unmet(id, `Not installed: ${missing.join(', ')}.`, 'Install a firmware that has clustering.');
}

function volume({ volume: kind }: NodeView): ReadinessItem {
  const id = 'data-volume';
  if (kind === 'replicated') return met(id, 'The data volume is carried by DRBD.');
  if (kind === 'folder')
    return met(id, 'There is no DRBD on this host: the data volume is a folder that both nodes share.');
  return unmet(
    id,
    'The data volume is not ready: gemel-shared.service did not bring it up.',
    'Look at the log of gemel-shared.service. The disk needs a partition labelled gemel-shared.',
  );
}

function draft({ pendingChanges, activationPending }: NodeView): ReadinessItem {
  const id = 'draft-empty';
  if (activationPending) {
    return unmet(
      id,
      'A change of settings awaits its confirmation.',
      'gemel settings confirm, or gemel settings undo.',
    );
  }
  if (pendingChanges === 0) return met(id, 'No change of settings is pending.');
  return unmet(
    id,
    `The draft differs from the confirmed settings in ${pendingChanges} place(s).`,
    'gemel settings activate, or gemel settings revert.',
  );
}
