import { asApplianceError, type CommandRunner } from '@gemel/core/sdk';
import { parseSmartctl, type Smart, unknownSmart } from '../disks/smart.js';

/** A disk that hangs must not keep the others waiting for long. */
const limitMs = 10_000;

/** What disks say about themselves. */
export class Smartctl {
  readonly #commands: CommandRunner;

  constructor(commands: CommandRunner) {
    this.#commands = commands;
  }

  /** Never fails: a disk that cannot be asked is unknown. Sleeping disks are left asleep. */
  async ask(disk: string, signal: AbortSignal): Promise<Smart> {
    const argv = [
      'smartctl',
      '--json',
      '--info',
      '--health',
      '--attributes',
      '--nocheck=standby',
      `/dev/${disk}`,
    ] as const;
    try {
      // Its exit code is a set of bits that also says what the JSON says (smartctl(8)).
      return parseSmartctl((await this.#commands.run([...argv], { timeoutMs: limitMs, signal })).stdout);
    } catch (failure) {
      const { code } = asApplianceError(failure);
      if (code === 'unavailable' || code === 'timeout' || code === 'engine-failed') return unknownSmart;
      throw failure;
    }
  }
}
