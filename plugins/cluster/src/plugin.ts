import { definePlugin } from '@gemel/core/sdk';
import { MembershipService } from './contract.js';
import { addFormation } from './formation/formation.js';
import { StoredMembership } from './membership/membership-service.js';
import { clusterMembership } from './membership/membership-status.js';
import { addRunningCluster } from './running-cluster.js';

export default definePlugin({
  id: 'cluster',
  async activate(context) {
    const membership = new StoredMembership(context.system.files, context.events, context.log);
    await membership.load();
    context.provideValue(MembershipService, membership);
    context.status.add(clusterMembership, async () => membership.current);
    const formed = await addFormation(context, membership);
    addRunningCluster(context, { membership, formed });
  },
});
