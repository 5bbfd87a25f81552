import { CoreClient } from '../ipc/core-client.js';
import { ApplianceError, type ErrorCode } from '../sdk/errors.js';
import type { Report } from '../sdk/reports.js';
import { candidatesFor, wordsTaken } from './candidates.js';
import { type SplitLine, splitLine } from './command-line.js';
import { completeInput, GaveUp } from './complete-input.js';
import { didYouMean } from './did-you-mean.js';
import { drawReports } from './draw-reports.js';
import { type ExitCode, exitCodeOf, exitCodes } from './exit-codes.js';
import { runAction } from './run-action.js';
import { mark, paint, type Style } from './style.js';
import type { Terminal } from './terminal.js';
import { printable } from './text-width.js';
import { UsageError } from './usage-error.js';

export interface CommandParts {
  readonly terminal: Terminal;
  /** Undefined when no core is there for this user. */
  readonly socket: string | undefined;
}

/** The `gemel` command: one run, from arguments to exit code. Everything it knows of actions comes from core. */
export async function runCommand(argv: readonly string[], { terminal, socket }: CommandParts): Promise<ExitCode> {
  const style: Style = terminal;
  await using connections = new Connections(socket);
  const line = splitLine(argv);
  try {
    return await dispatch(argv, line, terminal, style, connections);
  } catch (failure) {
    if (failure instanceof GaveUp) return exitCodes.interrupted;
    if (failure instanceof UsageError) {
      tell({ code: 'invalid', message: failure.message, reports: [] }, line, terminal, style);
      return exitCodes.usage;
    }
    if (!(failure instanceof ApplianceError)) throw failure;
    tell(failure, line, terminal, style);
    return exitCodeOf(failure.code);
  }
}

async function dispatch(
  argv: readonly string[],
  line: SplitLine,
  terminal: Terminal,
  style: Style,
  connections: Connections,
): Promise<ExitCode> {
  const connect = () => connections.open();
  const [command, ...others] = line.words;
  if (argv[0] === '__complete') {
    const { complete } = await import('./completion.js');
    // a line that can't be completed is no error to show between keystrokes
    terminal.out(await complete(argv.slice(1), connect).catch(() => ''));
    return exitCodes.done;
  }
  if (command === 'completion') {
    const { completionScript } = await import('./completion.js');
    terminal.out(completionScript(others[0]));
    return exitCodes.done;
  }
  if (command === 'events' && others.length === 0) {
    const { eventsHelp, eventsPrefix, followEvents } = await import('./follow-events.js');
    if (line.help) terminal.out(eventsHelp);
    else await followEvents(await connect(), eventsPrefix(line.rest.slice(1)), line.json, terminal, style);
    return exitCodes.done;
  }
  if (command === 'help' && others[0] === 'exit-codes') {
    terminal.out((await import('./help.js')).exitCodeHelp(style));
    return exitCodes.done;
  }
  return await runOrExplain(line, terminal, style, connect);
}

async function runOrExplain(
  line: SplitLine,
  terminal: Terminal,
  style: Style,
  connect: () => Promise<CoreClient>,
): Promise<ExitCode> {
  const helpCommand = line.words[0] === 'help';
  const words = helpCommand ? line.words.slice(1) : line.words;
  const client = await connect();
  const { action, known } = await client.find(candidatesFor(words));
  if (action !== undefined && !line.help && !helpCommand) {
    const args = line.rest.slice(wordsTaken(words, action.id));
    const below = known.map(({ id }) => id.split('.').slice(1).join(' '));
    const input = await completeInput(action, args, below, terminal);
    return await runAction({ action, input, common: line, terminal, style, client, connect });
  }
  const { actionHelp, groupHelp, nextWords } = await import('./help.js');
  if (action !== undefined) {
    terminal.out(actionHelp(action, known, style));
    return exitCodes.done;
  }
  if (words.length === 0 || known.some(({ id }) => id.startsWith(`${words.join('.')}.`))) {
    const option = line.rest[line.words.length];
    if (option !== undefined) throw new UsageError(`Unknown option ${option}. Say what to do first: gemel help`);
    terminal.out(groupHelp(words, known, style));
    return exitCodes.done;
  }
  const right = words.findIndex((_, index) => nextWords(words.slice(0, index + 1), known).length === 0);
  const wrong = words[right] ?? '';
  const choices = nextWords(words.slice(0, right), known).map(({ id }) => id);
  const command = ['gemel', ...words.slice(0, right)].join(' ');
  throw new UsageError(`${command} has no command ${wrong}.${didYouMean(wrong, choices)} See: ${command} --help`);
}

function tell(
  error: { readonly code: ErrorCode; readonly message: string; readonly reports: readonly Report[] },
  { json }: SplitLine,
  terminal: Terminal,
  style: Style,
): void {
  if (json) {
    const { code, message, reports } = error;
    terminal.out(`${JSON.stringify({ error: { code, message, reports } }, undefined, 2)}\n`);
    return;
  }
  terminal.note(`${paint(mark('bad', style), 'bad', style)}${printable(error.message)}\n`);
  // the message of a single problem is its report
  const more = error.reports.filter(({ text, forceCode }) => forceCode !== undefined || !error.message.includes(text));
  terminal.note(drawReports(more, style, false));
}

/** The connection of this run, and the new ones after a restart of core. */
class Connections implements AsyncDisposable {
  readonly #socket: string | undefined;
  readonly #open: CoreClient[] = [];

  constructor(socket: string | undefined) {
    this.#socket = socket;
  }

  /** A new one; closed when the run ends. @throws ApplianceError `unavailable` that says how to start core. */
  async open(): Promise<CoreClient> {
    const path = this.#socket;
    const remedy = 'On an appliance: systemctl start gemel-core. In the repository: npm start.';
    if (path === undefined) {
      throw new ApplianceError('unavailable', `Core does not run here, or you are in none of its groups. ${remedy}`);
    }
    try {
      const client = await CoreClient.connect(path);
      this.#open.push(client);
      return client;
    } catch (failure) {
      if (!(failure instanceof ApplianceError) || failure.code !== 'unavailable') throw failure;
      throw new ApplianceError('unavailable', `${failure.message} ${remedy}`, { cause: failure });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.map((client) => client[Symbol.asyncDispose]()));
  }
}
