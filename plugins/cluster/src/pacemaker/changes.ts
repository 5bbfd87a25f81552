import type { ClusterChange } from './pacemaker.js';

/** Time after which Pacemaker forgets a wish to be elsewhere by itself, should nobody be left to take it back. */
const wishLifetime = 'PT10M';

/** Standby is in the configuration and survives restarts of node and cluster. */
export function maintenanceOn(node: string): ClusterChange {
  return { commands: [['crm_attribute', '--node', node, '--name', 'standby', '--update', 'on']] };
}

export function maintenanceOff(node: string): ClusterChange {
  return { commands: [['crm_attribute', '--node', node, '--name', 'standby', '--delete']] };
}

export interface MoveWish {
  readonly resource: string;
  readonly node: string;
  /** Of a promotable clone: only its active role moves. */
  readonly promoted: boolean;
  /** Kept until it is cleared; otherwise it ends by itself. */
  readonly lasting: boolean;
}

export function moveTo({ resource, node, promoted, lasting }: MoveWish): ClusterChange {
  const role = promoted ? ['--promoted'] : [];
  const lifetime = lasting ? [] : [`--lifetime=${wishLifetime}`];
  return {
    commands: [
      ['crm_resource', '--output-as=xml', '--move', '--resource', resource, '--node', node, ...role, ...lifetime],
    ],
  };
}

/** Takes all wishes of `moveTo` back, whoever made them. */
export function clearMoves(resource: string): ClusterChange {
  return { commands: [['crm_resource', '--output-as=xml', '--clear', '--resource', resource]] };
}

export function cleanUp(resource: string | undefined, node: string | undefined): ClusterChange {
  const which = resource === undefined ? [] : ['--resource', resource];
  const where = node === undefined ? [] : ['--node', node];
  return { commands: [['crm_resource', '--output-as=xml', '--cleanup', ...which, ...where]], onlyLive: true };
}
