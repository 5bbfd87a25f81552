import { type AnyAction, ApplianceError, defineAction } from '@gemel/core/sdk';
import { z } from 'zod';
import { maintenanceOff, maintenanceOn } from '../pacemaker/changes.js';
import type { ClusterChange } from '../pacemaker/pacemaker.js';
import { deleteResource, disableResource, enableResource } from '../resources/resource-changes.js';
import { resourceName } from '../resources/definition.js';
import type { ClusterChanges } from './cluster-changes.js';
import { predictionSchema, presentPrediction } from './prediction.js';
import type { SimulatedFault } from './simulator.js';

const kinds = [
  'node-lost',
  'maintenance-on',
  'maintenance-off',
  'resource-enable',
  'resource-disable',
  'resource-delete',
] as const;

/** `gemel cluster what-if`: faults and changes. Commands that change something have --what-if themselves. */
export function whatIfAction(changes: ClusterChanges): AnyAction {
  return defineAction({
    kind: 'call',
    id: 'cluster.what-if',
    summary: "Show what Pacemaker would do after a fault or a change, by Pacemaker's own calculation.",
    role: 'operator',
    input: z.strictObject({
      what: z.enum(kinds).describe('The fault or change.'),
      subject: resourceName.describe('Which node or resource it happens to.'),
    }),
    output: predictionSchema,
    positionals: ['what', 'subject'],
    present: presentPrediction,
    async run({ what, subject }, { signal }) {
      const { change, fault } = tryOut(what, subject);
      try {
        return await changes.predict(change, fault, signal);
      } catch (failure) {
        if (!(failure instanceof ApplianceError) || failure.code !== 'not-found') throw failure;
        throw new ApplianceError('not-found', `${subject} is not in the cluster. See: gemel cluster status`);
      }
    },
  });
}

function tryOut(
  what: (typeof kinds)[number],
  subject: string,
): { readonly change: ClusterChange; readonly fault: SimulatedFault } {
  switch (what) {
    case 'node-lost':
      return { change: { commands: [] }, fault: { nodeLost: subject } };
    case 'maintenance-on':
      return { change: maintenanceOn(subject), fault: {} };
    case 'maintenance-off':
      return { change: maintenanceOff(subject), fault: {} };
    case 'resource-enable':
      return { change: enableResource(subject), fault: {} };
    case 'resource-disable':
      return { change: disableResource(subject), fault: {} };
    case 'resource-delete':
      return { change: deleteResource(subject), fault: {} };
  }
}
