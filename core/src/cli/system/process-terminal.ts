import { accessSync, constants } from 'node:fs';
import { isatty } from 'node:tty';
import type { Terminal } from '../terminal.js';

/** Streams are touched when they are needed: each takes a millisecond to set up. */
export function processTerminal(): Terminal {
  const { env } = process;
  return {
    environment: env,
    unicode: /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''),
    get columns() {
      // a terminal that does not know its size says 0
      return isatty(1) && process.stdout.columns > 0 ? process.stdout.columns : undefined;
    },
    get notesOnTerminal() {
      return isatty(2);
    },
    get interactive() {
      return isatty(0) && isatty(2);
    },
    get colours() {
      return isatty(1) && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== undefined && env['TERM'] !== 'dumb';
    },
    out: (text) => write(process.stdout, text),
    note: (text) => write(process.stderr, text),
    async readInput() {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks).toString('utf8');
    },
    readFile: async (path) => await (await import('node:fs/promises')).readFile(path, 'utf8'),
    openFile: async (path) => await (await import('./open-file.js')).openFile(path),
    ask: async (question, echo) => await (await import('./ask.js')).ask(question, echo),
    onInterrupt(listener) {
      process.on('SIGINT', listener);
      return { [Symbol.dispose]: () => void process.off('SIGINT', listener) };
    },
  };
}

/** A pipe or terminal that is full is waited for, so that whoever sends waits, too. */
function write(stream: NodeJS.WriteStream, text: string | Uint8Array): void {
  if (text.length === 0) return;
  if (stream.listenerCount('error') === 0) stream.on('error', endQuietly);
  stream.write(text);
}

/** True when the caller may open the socket there. */
export function mayOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false; // absent or not ours: either way not this one
  }
}

/** The reader of the output has gone, as in `gemel events | head`. */
function endQuietly(failure: Error): void {
  if ('code' in failure && failure.code === 'EPIPE') process.exit(0);
  throw failure;
}
