import { ApplianceError, type EngineState, engineState, type SystemAccess } from '@gemel/core/sdk';

export const chronyUnit = 'chrony.service';

export interface ChronyText {
  /** The reports sources, selectdata, authdata and tracking one after the other, with names as entered. */
  readonly named: string;
  /** The report sources with addresses. */
  readonly numeric: string;
}

/** chronyd, through its own client. chronyc talks over a unix socket beside chronyd's, so it needs no network. */
export class Chrony {
  constructor(readonly system: Pick<SystemAccess, 'commands' | 'units'>) {}

  state(): Promise<EngineState> {
    return engineState(this.system.units, chronyUnit);
  }

  /** Runs chronyd's own parser over a file. @throws ApplianceError `engine-failed` with its words. */
  async check(file: string): Promise<void> {
    const { exitCode, stderr } = await this.system.commands.run(['chronyd', '-p', '-f', file]);
    if (exitCode !== 0) throw new ApplianceError('engine-failed', `chrony refuses ${file}: ${lastLine(stderr)}.`);
  }

  async start(): Promise<void> {
    await this.system.units.start(chronyUnit);
  }

  async stop(): Promise<void> {
    await this.system.units.stop(chronyUnit);
  }

  async reloadSources(): Promise<void> {
    await this.ask(['reload', 'sources']);
  }

  /** Corrects what is left of the offset at once instead of gradually. */
  async stepNow(): Promise<void> {
    await this.ask(['makestep']);
  }

  /** Comma separated; see chrony-report.ts. Twice, since a pool's servers share the name they were entered by. */
  async report(signal?: AbortSignal): Promise<ChronyText> {
    const named = await this.ask(['-c', '-N', '-m', 'sources -a', 'selectdata -a', 'authdata -a', 'tracking'], signal);
    return { named, numeric: await this.ask(['-c', '-n', 'sources', '-a'], signal) };
  }

  async ask(words: readonly string[], signal?: AbortSignal): Promise<string> {
    const options = { timeoutMs: 5_000, ...(signal === undefined ? {} : { signal }) };
    const { exitCode, stdout, stderr } = await this.system.commands.run(['chronyc', ...words], options);
    if (exitCode !== 0) throw new ApplianceError('engine-failed', `chrony: ${lastLine(stderr) || lastLine(stdout)}.`);
    return stdout;
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
