import type { ActionDescriptor, InvocationResult } from '../ipc/core-api.js';
import type { CoreClient } from '../ipc/core-client.js';
import type { Job } from '../sdk/jobs.js';
import type { Common } from './command-line.js';
import { GaveUp } from './complete-input.js';
import { drawReports } from './draw-reports.js';
import { drawView } from './draw-view.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { fieldsOf, type JsonSchema, record } from './fields.js';
import { shellConnection } from './shell-connection.js';
import type { Style } from './style.js';
import type { Terminal } from './terminal.js';

export interface ActionRun {
  readonly action: ActionDescriptor;
  readonly input: JsonSchema;
  readonly common: Common;
  readonly terminal: Terminal;
  readonly style: Style;
  readonly client: CoreClient;
  connect(): Promise<CoreClient>;
}

/** Asks, sends files, runs, shows. @throws ApplianceError as the action does. */
export async function runAction(run: ActionRun): Promise<ExitCode> {
  const { action, common, terminal, style, client } = run;
  if (!(await agreed(run))) return exitCodes.notAgreed;
  const sends = fieldsOf(action).some(({ callerFile }) => callerFile !== undefined);
  const input = sends ? await (await import('./send-files.js')).sendFiles(run) : run.input;
  const { promise: interrupted, resolve } = Promise.withResolvers<'interrupted'>();
  // leaving closes the connection, and core aborts what runs for it
  using _interrupt = terminal.onInterrupt(() => resolve('interrupted'));
  const invoked = client.invoke(action.id, input, {
    view: common.json ? false : 'only',
    onPiece: (piece) => terminal.out(piece),
    ...shellConnection(terminal.environment),
  });
  const result = await Promise.race([invoked, interrupted]);
  if (result === 'interrupted') {
    if (action.kind === 'stream') return exitCodes.interrupted;
    terminal.note('Interrupted. What was under way may have been done or go on; look before you go on: gemel status\n');
    return exitCodes.interrupted;
  }
  if (result.job !== undefined) return await showJob(run, result.job);
  if (action.kind !== 'stream') showResult(result, common.json, terminal, style);
  terminal.note(drawReports(result.reports, style, hasForce(action)));
  return exitCodes.done;
}

export function hasForce(action: ActionDescriptor): boolean {
  return 'force' in record(action.input['properties']);
}

function showResult(result: InvocationResult, json: boolean, terminal: Terminal, style: Style): void {
  if (json) terminal.out(`${JSON.stringify(result.output ?? null, undefined, 2)}\n`);
  else if (result.view !== undefined) terminal.out(drawView(result.view, style));
}

async function showJob(run: ActionRun, started: Job): Promise<ExitCode> {
  const { common, terminal, style, client } = run;
  const { followJob, howToFind, LeftRunning } = await import('./follow-job.js');
  if (common.detach) {
    terminal.out(common.json ? `${JSON.stringify(started, undefined, 2)}\n` : `${howToFind(started.id)}\n`);
    return exitCodes.done;
  }
  const sleep = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));
  try {
    const job = await followJob(client, started, { terminal, style, json: common.json, connect: run.connect, sleep });
    if (common.json) terminal.out(`${JSON.stringify(job.output ?? null, undefined, 2)}\n`);
    else {
      // core may have been restarted since: the first connection is not taken for granted
      const current = await run.connect();
      showResult(await current.invoke('jobs.result', { id: job.id }, { view: 'only' }), false, terminal, style);
    }
    return exitCodes.done;
  } catch (failure) {
    if (!(failure instanceof LeftRunning)) throw failure;
    terminal.note(`${failure.message}\n`);
    return exitCodes.interrupted;
  }
}

async function agreed({ action, input, common, terminal }: ActionRun): Promise<boolean> {
  if (action.confirmation === undefined || common.yes) return true;
  const question = fillIn(action.confirmation, input);
  if (!terminal.interactive) {
    terminal.note(`${question} Nobody can answer here; --yes agrees.\n`);
    return false;
  }
  const answer = await terminal.ask(`${question} [y/N] `, true);
  if (answer === undefined) throw new GaveUp();
  if (/^y(es)?$/i.test(answer.trim())) return true;
  terminal.note('Not done.\n');
  return false;
}

/** `Remove {name}?` with the input's own values. */
function fillIn(template: string, input: JsonSchema): string {
  return template.replace(/\{([A-Za-z][A-Za-z0-9]*)\}/g, (place, name: string) => {
    const value = input[name];
    return value === undefined ? place : typeof value === 'string' ? value : JSON.stringify(value);
  });
}
