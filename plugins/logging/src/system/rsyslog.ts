import { ApplianceError, type EngineState, engineState, type SystemAccess } from '@gemel/core/sdk';
import { forwardingUnit, inForceFile } from '../paths.js';

/** rsyslogd, in a unit of its own with a configuration of its own. */
export class Rsyslog {
  constructor(readonly system: Pick<SystemAccess, 'commands' | 'units' | 'files'>) {}

  state(): Promise<EngineState> {
    return engineState(this.system.units, forwardingUnit);
  }

  /** What it missed in a loss of power is read again before it runs, which may take minutes. */
  async isStarting(): Promise<boolean> {
    return (await this.system.units.status(forwardingUnit)).activeState === 'activating';
  }

  /** Runs rsyslog's own checker over a file. @throws ApplianceError `engine-failed` with its words. */
  async check(file: string): Promise<void> {
    const { exitCode, stdout, stderr } = await this.system.commands.run(['rsyslogd', '-N1', '-f', file]);
    const complaints = complaintsOf(`${stdout}\n${stderr}`);
    if (exitCode === 0 && complaints.length === 0) return;
    const words = complaints.join('; ') || `exit code ${exitCode}`;
    throw new ApplianceError('engine-failed', `rsyslog refuses ${file}: ${words}.`);
  }

  /** What rsyslogd read when it was started last. */
  async inForce(): Promise<string | undefined> {
    return await this.system.files.read(inForceFile);
  }

  async restart(): Promise<void> {
    await this.system.units.restart(forwardingUnit);
  }

  async stop(): Promise<void> {
    await this.system.units.stop(forwardingUnit);
  }
}

/** What rsyslogd says when it checks a file, without its greeting, its own name and the link to a web page. */
export function complaintsOf(output: string): readonly string[] {
  return output
    .split('\n')
    .map((line) =>
      line
        .replace(/^rsyslogd: /, '')
        .replace(/ \[v8\.[^\]]*\]\s*$/, '')
        .trim(),
    )
    .filter((line) => line !== '' && !/^version .* config validation run|^End of config validation run/.test(line));
}
