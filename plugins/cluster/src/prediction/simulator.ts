import { ApplianceError, type FileStore } from '@gemel/core/sdk';
import type { ClusterChange, Command, Pacemaker } from '../pacemaker/pacemaker.js';
import { parseXml, type XmlElement } from '../pacemaker/xml.js';
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
    const faulty = `${simulationFolder}/what-if-${this.#next}-fault.xml`;
    // It holds fencing passwords, as the cluster's configuration does.
    await this.files.write(copy, await this.pacemaker.configuration(signal), { mode: 0o600 });
    try {
      if (change.onlyLive !== true) await this.pacemaker.apply(change, signal, (argv) => onCopy(copy, argv));
      if (fault.nodeLost === undefined) return readPrediction(await this.#simulate(copy, ['--simulate'], signal));
      const lost = await this.#runningOn(fault.nodeLost, signal);
      // In two steps: Pacemaker 3.0 ends its XML early when it is told of a fault and calculates at once.
      await this.#simulate(copy, [`--node-down=${fault.nodeLost}`, `--save-input=${faulty}`], signal);
      const prediction = readPrediction(await this.#simulate(faulty, ['--simulate'], signal));
      const after = new Set(prediction.steps.filter(({ kind }) => kind === 'start').map(({ resource }) => resource));
      return { ...prediction, interrupted: lost, stopped: lost.filter((resource) => !after.has(resource)) };
    } finally {
      await this.files.remove(copy);
      await this.files.remove(faulty);
    }
  }

  /** What a node that is lost takes with it: what runs on it and nowhere else. */
  async #runningOn(node: string, signal: AbortSignal | undefined): Promise<string[]> {
    const { nodes, resources } = await this.pacemaker.picture(signal);
    if (!nodes.some(({ name }) => name === node)) {
      throw new ApplianceError('not-found', `There is no node ${node} in the cluster.`);
    }
    return resources
      .filter((each) => each.role === 'Started' && each.parent === undefined && each.nodes.includes(node))
      .map(({ id }) => id);
  }

  async #simulate(input: string, options: readonly string[], signal: AbortSignal | undefined): Promise<XmlElement> {
    // crm_simulate keeps a work file in the folder that this names, by default one that core cannot write.
    const folder = `CIB_shadow_dir=${simulationFolder}`;
    const command: Command = ['env', folder, 'crm_simulate', `--xml-file=${input}`, ...options, '--output-as=xml'];
    return parseXml(await this.pacemaker.run(command, signal));
  }
}

function onCopy(copy: string, command: Command): Command {
  return ['env', `CIB_file=${copy}`, ...command];
}
