import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { ApplianceError } from '../sdk/errors.js';
import type { CommandOptions, CommandResult, CommandRunner } from '../sdk/system.js';
import { programEnvironment, programs } from './programs.js';

const defaultTimeoutMs = 10_000;
const defaultMaxOutputBytes = 4 * 1024 * 1024;
/** Between SIGTERM and SIGKILL: enough for chronyc to remove its socket, too short for a person to notice. */
const graceMs = 500;

/** Runs programs of this machine. A run that is given up takes the program's whole process group with it. */
export class SystemCommandRunner implements CommandRunner {
  run(argv: readonly [string, ...string[]], options: CommandOptions = {}): Promise<CommandResult> {
    if (options.signal?.aborted) return Promise.reject(cancelled(argv[0], options.signal));
    return new Promise((resolve, reject) => {
      let child: ChildProcess;
      try {
        child = start(argv, options.input !== undefined);
      } catch (cause) {
        // Node refuses an argument with a NUL byte before any process exists.
        reject(new ApplianceError('invalid', `${argv[0]} cannot be run with these arguments.`, { cause }));
        return;
      }
      new CommandRun(argv[0], child, options, resolve, reject).watch();
    });
  }
}

function start(argv: readonly [string, ...string[]], hasInput: boolean): ChildProcess {
  const [program, ...rest] = argv;
  return spawn(program, rest, {
    cwd: '/',
    env: { ...programEnvironment },
    stdio: [hasInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    // A process group of its own, so that what the program started ends with it.
    detached: true,
  });
}

/**
 * INVARIANTS: settles exactly once; when it settles no timer, listener on the signal or process of the group is left;
 * a run that was given up reports why it was given up, not how the program died of it.
 */
class CommandRun {
  readonly #program: string;
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (result: CommandResult) => void;
  readonly #reject: (error: ApplianceError) => void;
  readonly #options: CommandOptions;
  readonly #onAbort: () => void;
  #limit: NodeJS.Timeout | undefined;
  #kill: NodeJS.Timeout | undefined;
  #givenUp: ApplianceError | undefined;

  constructor(
    program: string,
    child: ChildProcess,
    options: CommandOptions,
    resolve: (result: CommandResult) => void,
    reject: (error: ApplianceError) => void,
  ) {
    this.#program = program;
    this.#child = child;
    this.#signal = options.signal;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#options = options;
    this.#onAbort = () => this.#giveUp(cancelled(program, this.#signal));
  }

  /** Follows the program to its end. */
  watch(): void {
    const { timeoutMs = defaultTimeoutMs, maxOutputBytes = defaultMaxOutputBytes, input, onOutput } = this.#options;
    const program = this.#program;
    const child = this.#child;
    const stdout = this.#collect(child.stdout, maxOutputBytes, onOutput);
    const stderr = this.#collect(child.stderr, maxOutputBytes);
    this.#limit = setTimeout(() => this.#giveUp(tooSlow(program, timeoutMs)), timeoutMs);
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    child.once('error', (cause) => this.#fail(notStarted(program, cause)));
    child.once('close', (exitCode, signalName) => {
      if (this.#givenUp !== undefined) return this.#fail(this.#givenUp);
      if (exitCode === null) {
        return this.#fail(new ApplianceError('engine-failed', `${program} was killed by signal ${signalName}.`));
      }
      this.#end();
      this.#resolve({ exitCode, stdout: stdout(), stderr: stderr() });
    });
    // A program that ends without reading its input closes the pipe; its exit code tells the story.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  }

  #collect(stream: Readable | null, maxBytes: number, onOutput?: (piece: Uint8Array) => void): () => string {
    const chunks: Buffer[] = [];
    const take = onOutput ?? ((chunk: Buffer) => void chunks.push(chunk));
    let bytes = 0;
    stream?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) take(chunk);
      else this.#giveUp(new ApplianceError('engine-failed', `${this.#program} printed more than ${maxBytes} bytes.`));
    });
    return () => Buffer.concat(chunks).toString('utf8');
  }

  #giveUp(error: ApplianceError): void {
    if (this.#givenUp !== undefined) return;
    this.#givenUp = error;
    this.#signalGroup('SIGTERM');
    this.#kill = setTimeout(() => {
      this.#signalGroup('SIGKILL');
      // A descendant that left the group may hold the pipes open for ever: do not wait for it.
      this.#child.stdout?.destroy();
      this.#child.stderr?.destroy();
      this.#fail(error);
    }, graceMs);
  }

  #signalGroup(name: NodeJS.Signals): void {
    const pid = this.#child.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch (failure) {
      // ESRCH: the whole group has ended in the meantime.
      if (!(failure instanceof Error && 'code' in failure && failure.code === 'ESRCH')) throw failure;
    }
  }

  #fail(error: ApplianceError): void {
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    clearTimeout(this.#limit);
    clearTimeout(this.#kill);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

function tooSlow(program: string, timeoutMs: number): ApplianceError {
  return new ApplianceError('timeout', `${program} did not end within ${timeoutMs / 1000} s and was stopped.`);
}

function cancelled(program: string, signal: AbortSignal | undefined): ApplianceError {
  return new ApplianceError('cancelled', `${program} was cancelled.`, { cause: signal?.reason });
}

function notStarted(program: string, cause: NodeJS.ErrnoException): ApplianceError {
  if (cause.code !== 'ENOENT') {
    return new ApplianceError('engine-failed', `${program} could not be started: ${cause.code}.`, { cause });
  }
  return new ApplianceError('unavailable', notInstalled(program), { cause });
}

export function notInstalled(program: string): string {
  const known = programs[program];
  const remedy = known === undefined ? '' : ` Install the Debian package ${known.package}.`;
  return `${program} is not installed.${remedy}`;
}
