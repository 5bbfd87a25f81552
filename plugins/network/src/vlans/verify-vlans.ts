import type { Check } from '../settings/check.js';

export function verifyVlans(check: Check): void {
  const taken = new Map<string, string>();
  for (const subject of check.model.interfaces.values()) {
    const { vlan, name, path } = subject;
    if (vlan === undefined) continue;
    const { id, parent } = vlan;
    if (id < 1 || id > 4094) check.report('network.vlan.id-range', { vlan: name, id }, `${path}/id`);
    const place = `${parent}/${id}`;
    const other = taken.get(place);
    if (other === undefined) taken.set(place, name);
    else check.report('network.vlan.id-taken', { vlan: name, parent, id, other }, `${path}/id`);

    const carrier = check.model.interfaces.get(parent);
    if (carrier === undefined) continue;
    if (carrier.kind === 'vlan') {
      check.report('network.vlan.parent-is-vlan', { vlan: name, parent }, `${path}/parent`);
      continue;
    }
    if (!carrier.enabled) check.report('network.vlan.parent-disabled', { vlan: name, parent }, `${path}/parent`);
    const onlyNamed = carrier.kind === 'link' && !carrier.path.startsWith('network/links/');
    const wasThere = check.caller === undefined || check.confirmedModel.interfaces.has(parent);
    if (onlyNamed && !wasThere && !check.links.isEmpty && check.links.find(carrier) === undefined) {
      check.report('network.vlan.parent-missing', { vlan: name, parent, known: check.knownNics }, `${path}/parent`);
    }
  }
}
