import type { Check } from '../settings/check.js';
import { connectionFates, plainAddress } from './connection-fate.js';

/** The operator's own connection, other open ones, and whether any way in is left. */
export function verifyReach(check: Check): void {
  const fateOf = connectionFates(check.confirmedModel, check.model, check.facts);
  const own = check.caller?.remote;
  const ownAddress = own === undefined ? undefined : plainAddress(own.localAddress);
  if (ownAddress !== undefined) {
    const fate = fateOf(ownAddress);
    if (fate !== undefined && fate.next === undefined) {
      check.report(
        'network.connection.lost',
        { address: ownAddress, interface: fate.interface },
        placeOf(check, fate.interface),
      );
    }
  }
  const told = new Set<string>();
  for (const { localAddress, remoteAddress, service } of check.facts.connections) {
    const address = plainAddress(localAddress);
    const remote = plainAddress(remoteAddress);
    if (own !== undefined && address === ownAddress && remote === plainAddress(own.address)) continue;
    const fate = fateOf(address);
    const key = `${service} ${remote} ${address}`;
    if (fate === undefined || fate.next !== undefined || told.has(key)) continue;
    told.add(key);
    check.report(
      'network.connection.other-lost',
      { service, remote, address, interface: fate.interface },
      placeOf(check, fate.interface),
    );
  }
  const subjects = [...check.model.interfaces.values()];
  const reachable = subjects.some(
    (subject) => subject.enabled && subject.bonds.length === 0 && (subject.ipv4 !== 'none' || subject.ipv6 !== 'none'),
  );
  if (!reachable && subjects.length + check.confirmedModel.interfaces.size > 0)
    check.report('network.way-in.none', {}, 'network');
}

function placeOf(check: Check, interfaceName: string): string {
  return (
    check.model.interfaces.get(interfaceName)?.path ??
    check.confirmedModel.interfaces.get(interfaceName)?.path ??
    'network'
  );
}
