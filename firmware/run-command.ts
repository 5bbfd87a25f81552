import { spawn } from 'node:child_process';

/** What a finished command left behind. `code` is 128 + signal number when a signal ended it, as in a shell. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string | Uint8Array;
  readonly workingFolder?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The command is killed after this long. Default 600 s: the longest step is the download of Debian's packages. */
  readonly timeoutSeconds?: number;
  /** The command may leave children that hold its output open, as nsenter does: at the time limit, or when this program ends, they go too. */
  readonly wholeGroup?: boolean;
}

/** A failure whose text names what is missing and what to do. Printed without a stack. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGABRT: 6, SIGKILL: 9, SIGTERM: 15 };

/** Root's tools live in sbin, which the PATH of a plain user lacks. */
const SEARCH_PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

/** Runs one command without a shell and collects its output. Rejects only when it cannot be started or takes too long. */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program = '', ...rest] = argv;
  const limit = options.timeoutSeconds ?? 600;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {
      cwd: options.workingFolder,
      env: { ...process.env, PATH: SEARCH_PATH, LC_ALL: 'C.UTF-8', ...options.environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: options.wholeGroup === true,
    });
    const end = (): void => {
      const { pid } = child;
      if (pid === undefined) return;
      // A group that is gone already is what we want.
      if (options.wholeGroup) ignoreErrors(() => process.kill(-pid, 'SIGKILL'));
      else child.kill('SIGKILL');
    };
    if (options.wholeGroup) process.once('exit', end);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A command that ends without reading its input closes the pipe: its exit code tells the story.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      end();
    }, limit * 1000);
    child.on('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(
        cause.code === 'ENOENT'
          ? new ToolError(`${program} is missing: run scripts/host-packages`)
          : new ToolError(`${program} cannot be started: ${cause.message}`),
      );
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      process.off('exit', end);
      if (late) reject(new ToolError(`${argv.join(' ')} took longer than ${limit} s`));
      else
        resolve({
          code: code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0),
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        });
    });
  });
}

function ignoreErrors(action: () => void): void {
  try {
    action();
  } catch {
    // Said by the caller.
  }
}

/** Like `runCommand`, but anything other than exit code 0 is an error that quotes the last lines of stderr. */
export async function mustRun(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await runCommand(argv, options);
  if (result.code !== 0) {
    const said = (result.stderr || result.stdout).trim().split('\n').slice(-6).join('\n');
    throw new ToolError(`${argv.slice(0, 4).join(' ')} … ended with code ${result.code}:\n${said}`);
  }
  return result.stdout;
}
