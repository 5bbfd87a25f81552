import { findSocket } from './find-socket.js';
import { runCommand } from './main.js';
import { mayOpen, processTerminal } from './system/process-terminal.js';

/** The `gemel` command in this process: its arguments, terminal and exit code. */
export async function runGemel(): Promise<void> {
  const terminal = processTerminal();
  process.exitCode = await runCommand(process.argv.slice(2), { terminal, socket: findSocket(process.env, mayOpen) });
}
