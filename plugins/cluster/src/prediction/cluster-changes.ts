import { ApplianceError, type Caller, type Clock, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import type { ClusterLog } from '../log/cluster-log.js';
import type { MembershipService } from '../contract.js';
import type { ClusterChange, Pacemaker } from '../pacemaker/pacemaker.js';
import { pauseAfterLook } from '../pacemaker/pace.js';
import type { PairStatus } from '../status/pair-schema.js';
import { type Prediction, predictionSchema, presentPrediction, withConcerns } from './prediction.js';
import type { Simulator, SimulatedFault } from './simulator.js';

/** Between two looks at whether the cluster is where it should be. Each costs about 30 ms of a processor. */
const leastPauseMs = 300;

export const changedSchema = z.object({
  done: z.boolean().describe('False: only predicted.'),
  text: z.string().describe('What was or would be done.'),
  prediction: predictionSchema.describe('What Pacemaker calculated before it was done.'),
  result: z.string().nullable().describe('State afterwards; null when nothing was waited for.'),
});
export type Changed = z.output<typeof changedSchema>;

export const whatIfOption = z.boolean().default(false).describe('Only say what would happen; nothing is changed.');

export interface ChangeRequest {
  readonly change: ClusterChange;
  /** `Resource lamp is disabled`: becomes a line of the Cluster Log and of the answer. */
  readonly text: string;
  readonly whatIf: boolean;
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

/** Every change of the running cluster by Gemel goes through here: predicted, made, written into the Cluster Log. */
export class ClusterChanges {
  constructor(
    readonly parts: {
      readonly pacemaker: Pacemaker;
      readonly simulator: Simulator;
      readonly clusterLog: ClusterLog;
      readonly membership: MembershipService;
      readonly clock: Clock;
      readonly read: (signal?: AbortSignal) => Promise<PairStatus>;
      readonly lookSoon: () => void;
    },
  ) {}

  /** @throws ApplianceError `conflict` on a single appliance. */
  requireCluster(): void {
    if (this.parts.membership.current.phase !== 'none') return;
    throw new ApplianceError('conflict', 'This device is in no cluster. Make one: gemel cluster create');
  }

  async predict(change: ClusterChange, fault: SimulatedFault = {}, signal?: AbortSignal): Promise<Prediction> {
    this.requireCluster();
    const predicted = await this.parts.simulator.predict(change, fault, signal);
    return withConcerns(predicted, await this.parts.read(signal));
  }

  async make({ change, text, whatIf, caller, signal }: ChangeRequest): Promise<Changed> {
    const prediction = await this.predict(change, {}, signal);
    if (!whatIf) {
      await this.parts.pacemaker.apply(change, signal);
      await this.parts.clusterLog.add({ kind: 'action', severity: 'info', text: `${text}, by ${caller.name}.` });
      this.parts.lookSoon();
    }
    return { done: !whatIf, text: `${text}.`, prediction, result: null };
  }

  /** Looks again and again. @returns the pair as it was when it was so, or undefined when the time passed. */
  async waitUntil(
    isSo: (pair: PairStatus) => boolean,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<PairStatus | undefined> {
    const { clock, read } = this.parts;
    for (const end = clock.monotonic() + limitMs; clock.monotonic() < end; ) {
      const began = clock.monotonic();
      const pair = await read(signal);
      if (isSo(pair)) return pair;
      await clock.sleep(pauseAfterLook(leastPauseMs, clock.monotonic() - began), signal);
    }
    return undefined;
  }
}

export function presentChanged({ done, text, prediction, result }: Changed): View {
  if (done) {
    const after: View[] = result === null ? [] : [{ kind: 'text', text: result }];
    return { kind: 'group', views: [{ kind: 'text', text, tone: 'ok' }, ...after] };
  }
  const head: View = { kind: 'text', text: `Would be done: ${text}`, tone: 'pending' };
  return { kind: 'group', views: [head, presentPrediction(prediction)] };
}
