import { nameValues, op, primitive } from '../cib/cib-elements.js';
import type { FencingDevice } from '../membership/membership.js';
import { descendants, type XmlElement, xmlOf } from '../pacemaker/xml.js';

export function fencingId(node: string): string {
  return `fence-${node}`;
}

/**
 * The management controller of a node as a resource of Pacemaker, never run by that node itself. Pure. To be merged into the CIB.
 * The priority lets the node with the services win when both want to switch the other one off.
 */
export function renderFencing(device: FencingDevice, password: string): string {
  const id = fencingId(device.node);
  const parameters = {
    ip: device.address,
    username: device.user,
    password,
    lanplus: device.lanplus ? '1' : '0',
    // Without it fence_ipmilan waits for a cipher suite that many controllers do not have.
    cipher: String(device.cipher),
    power_wait: '1',
    pcmk_host_list: device.node,
    pcmk_host_check: 'static-list',
  };
  // On a busy node the first question to a controller was seen to take more than the 20 s that Pacemaker gives it.
  const operations = [
    op(id, 'start', { interval: '0s', timeout: '60s' }),
    op(id, 'monitor', { interval: '60s', timeout: '60s' }),
  ];
  return `<configuration>
<resources>
${primitive(id, 'stonith:fence_ipmilan', parameters, operations)}
</resources>
<constraints>
<rsc_location id="location-${id}-not-itself" rsc="${id}" node="${device.node}" score="-INFINITY"/>
</constraints>
<rsc_defaults>
<meta_attributes id="rsc_defaults-meta_attributes">
${nameValues('rsc_defaults-meta_attributes', { priority: '1' })}
</meta_attributes>
</rsc_defaults>
</configuration>
`;
}

/** The management controllers of these nodes as the CIB has them, to be merged again; undefined when there is none. Pure. */
export function presentFencing(configuration: XmlElement, nodes: readonly string[]): string | undefined {
  const ids = new Set(nodes.map(fencingId));
  const found = (name: string, attribute: string) =>
    descendants(configuration, name)
      .filter(({ attributes }) => ids.has(attributes[attribute] ?? ''))
      .map(xmlOf)
      .join('\n');
  const controllers = found('primitive', 'id');
  if (controllers === '') return undefined;
  return `<configuration>
<resources>
${controllers}
</resources>
<constraints>
${found('rsc_location', 'rsc')}
</constraints>
</configuration>
`;
}
