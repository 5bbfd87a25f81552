import { defineReports, type Report } from '@gemel/core/sdk';
import type { EditableSettings } from '@gemel/plugin-peer/contract';
import type { RoleStatus } from './role-status.js';

export const lockReports = defineReports({
  'cluster.settings.passive': {
    severity: 'error',
    text: 'Settings of the whole cluster are changed on the active node, {active}. This one gets them from there.',
  },
  'cluster.settings.no-active-node': {
    severity: 'error',
    text: 'Settings of the whole cluster are changed on the active node, and none is known now. See: gemel cluster status',
  },
});

/** Why settings of the whole cluster cannot be changed here; undefined where they can. Pure. */
export function passiveLock({ role, activeNode }: RoleStatus): Report | undefined {
  if (role === 'alone' || role === 'active') return undefined;
  if (activeNode === null) return lockReports.report('cluster.settings.no-active-node', {});
  return lockReports.report('cluster.settings.passive', { active: activeNode });
}

/** Whose settings are right where the nodes of a new pair differ. Pure. */
export function editableSettings({ role }: RoleStatus): EditableSettings {
  if (role === 'active') return 'here';
  return role === 'passive' ? 'there' : 'both-were-active';
}
