import { mustRun, ToolError, type CommandResult } from '../../firmware/run-command.ts';
import type { Appliance, ExecOptions } from './appliance.ts';
import type { NodeName } from './lab-layout.ts';

/** What a node needs of its lab: power is the lab's business, since the other node sees it on the sync cables. */
interface PowerSwitch {
  kill(name: NodeName): Promise<void>;
  start(name: NodeName, options?: { wait?: boolean; timeoutSeconds?: number }): Promise<string>;
}

/** One appliance of a lab, for tests and scripts. */
export class LabNode {
  readonly name: NodeName;
  readonly #appliance: Appliance;
  readonly #power: PowerSwitch;

  constructor(appliance: Appliance, power: PowerSwitch) {
    this.name = appliance.name;
    this.#appliance = appliance;
    this.#power = power;
  }

  get isOn(): boolean {
    return this.#appliance.isOn();
  }

  /** Runs a command as root in the appliance. A line for the shell is ['sh', '-c', line]. */
  exec(argv: readonly string[], options: ExecOptions = {}): Promise<CommandResult> {
    return this.#appliance.exec(argv, options);
  }

  /** Like exec, but rejects unless the command ends with 0. Returns its output. */
  async must(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    const result = await this.exec(argv, options);
    if (result.code !== 0)
      throw new ToolError(
        `${this.name}: ${argv.join(' ')} ended with code ${result.code}: ${result.stderr || result.stdout}`,
      );
    return result.stdout;
  }

  /** Replaces a folder in the appliance by one of this machine, to try fresh output without a new image. */
  async push(localFolder: string, remoteFolder: string): Promise<void> {
    const archive = await packed(localFolder);
    const script =
      'set -e; new=$1.push; rm -rf "$new"; mkdir -p "$new"; tar -xz -C "$new"; rm -rf "$1"; mv "$new" "$1"';
    await this.must(['sh', '-c', script, 'sh', remoteFolder.replace(/\/+$/, '')], { input: archive });
  }

  kill(): Promise<void> {
    return this.#power.kill(this.name);
  }

  start(options?: { wait?: boolean; timeoutSeconds?: number }): Promise<string> {
    return this.#power.start(this.name, options);
  }

  /** Waits until systemd has finished booting; its verdict, `running` or `degraded`. */
  ready(timeoutSeconds = 600): Promise<string> {
    return this.#appliance.ready(timeoutSeconds);
  }

  consoleCommand(): readonly string[] {
    return this.#appliance.consoleCommand();
  }
}

async function packed(folder: string): Promise<Uint8Array> {
  return Buffer.from(
    await mustRun(['sh', '-c', 'tar -cz --owner=0 --group=0 -C "$1" . | base64 -w 0', 'sh', folder]),
    'base64',
  );
}
