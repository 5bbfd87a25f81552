import type { FileStore } from '@gemel/core/sdk';
import type { ClusterChange, Command, Pacemaker } from '../pacemaker/pacemaker.js';
import { parseXml } from '../pacemaker/xml.js';
import { type Prediction, readPrediction } from './prediction.js';

/** Volatile: copies of the configuration that a change is tried on. */
export const simulationFolder = '/run/gemel/cluster';

/** Faults that can be tried besides changes. */
export interface SimulatedFault {
  readonly nodeLost?: string;
}

/**
 * Asks Pacemaker what it would do: the commands of a change are run on a copy of the configuration, and crm_simulate
 * calculates from there. What is predicted and what is done are thus the same commands.
 */
export class Simulator {
  #next = 0;

  constructor(
    readonly pacemaker: Pacemaker,
    readonly files: FileStore,
  ) {}

  async predict(change: ClusterChange, fault: SimulatedFault = {}, signal?: AbortSignal): Promise<Prediction> {
    this.#next += 1;
    const copy = `${simulationFolder}/what-if-${this.#next}.xml`;
    // It holds fencing passwords, as the cluster's configuration does.
    await this.files.write(copy, await this.pacemaker.configuration(signal), { mode: 0o600 });
    try {
      for (const command of change.commands) await this.pacemaker.run(onCopy(copy, command), signal);
      const lost = fault.nodeLost === undefined ? [] : [`--node-down=${fault.nodeLost}`];
      // crm_simulate keeps a work file in the folder that this names, by default one that core cannot write.
      const simulate: Command = [
        'env',
        `CIB_shadow_dir=${simulationFolder}`,
        'crm_simulate',
        `--xml-file=${copy}`,
        ...lost,
        '--simulate',
        '--output-as=xml',
      ];
      return readPrediction(await parseXml(await this.pacemaker.run(simulate, signal)));
    } finally {
      await this.files.remove(copy);
    }
  }
}

function onCopy(copy: string, command: Command): Command {
  return ['env', `CIB_file=${copy}`, ...command];
}
