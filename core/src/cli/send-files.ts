import { basename, dirname, join, resolve } from 'node:path';
import type { Sending } from '../ipc/core-client.js';
import { limits } from '../ipc/protocol.js';
import { type CallerFileRule, uploadPrefix } from '../sdk/caller-file-rule.js';
import { ApplianceError } from '../sdk/errors.js';
import { placeholder } from './command-line.js';
import { GaveUp } from './complete-input.js';
import { type Field, fieldsOf, type JsonSchema, record } from './fields.js';
import { parseJson } from './parse-value.js';
import { ProgressBar } from './progress-bar.js';
import type { ActionRun } from './run-action.js';
import type { LocalFile } from './terminal.js';
import { UsageError } from './usage-error.js';

/** A description that names another file is read as a whole. */
const largestDescription = 1024 * 1024;
const mebibyte = 1024 * 1024;

/** One file on its way. */
interface Source extends LocalFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly changedAt: number;
}

/**
 * The input with what core can use in place of the caller's files: the absolute path where core sees the file as well, else what core
 * gave for it after it was sent.
 * @throws UsageError, ApplianceError; GaveUp on Ctrl-C, after which core keeps nothing.
 */
export async function sendFiles(run: ActionRun): Promise<JsonSchema> {
  const input = { ...run.input };
  for (const field of fieldsOf(run.action)) {
    const [name = '', ...deeper] = field.path;
    const given = input[name];
    if (field.callerFile === undefined || deeper.length > 0 || typeof given !== 'string') continue;
    if (given.startsWith(uploadPrefix)) continue;
    const shown = placeholder(field, run.action.positionals);
    if (given === '-') throw new UsageError(`${shown}: standard input is not taken here. Name a file.`);
    const path = resolve(given);
    const inPlace = field.callerFile.inPlace.some((folder) => path.startsWith(`${folder}/`));
    input[name] = inPlace ? path : await send(run, field, field.callerFile, path, shown);
  }
  return input;
}

async function send(run: ActionRun, field: Field, rule: CallerFileRule, path: string, shown: string): Promise<string> {
  const { terminal, style, common } = run;
  const bar = terminal.notesOnTerminal && !common.json ? new ProgressBar(terminal, style) : undefined;
  const stop = new AbortController();
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  interrupted.catch(() => undefined); // it may come when nobody waits any more
  using _interrupt = terminal.onInterrupt(() => {
    stop.abort();
    reject(new GaveUp());
  });
  await using opened = new AsyncDisposableStack();
  const sources = [opened.use(await openSource(run, path, shown))];
  if (rule.beside !== undefined) {
    const name = await nameBeside(run, path, rule.beside, shown);
    sources.push(opened.use(await openSource(run, join(dirname(path), name), shown)));
  }
  const order = {
    action: run.action.id,
    field: field.path[0] ?? '',
    files: sources.map(({ name, bytes }) => ({ name, bytes })),
  };
  const sent = async () => {
    const sending = await run.client.upload(order);
    await sendAll(sending, sources, stop.signal, bar);
    return sending.value;
  };
  try {
    return await Promise.race([sent(), interrupted]).finally(() => bar?.clear());
  } catch (failure) {
    // core removes what came when the connection closes, which it does now
    if (failure instanceof GaveUp) terminal.note('Interrupted. Core keeps nothing of what was sent.\n');
    throw failure;
  }
}

/** @throws UsageError for what is no file with something in it. */
async function openSource({ terminal }: ActionRun, path: string, shown: string): Promise<Source> {
  const file = await terminal.openFile(path).catch((failure: unknown) => {
    throw unreadable(path, shown, failure);
  });
  const { kind, bytes, changedAt } = await file.look();
  const unfit = { folder: 'a folder', other: 'no plain file', file: bytes === 0 ? 'empty' : undefined }[kind];
  const source = {
    path,
    name: basename(path),
    bytes,
    changedAt,
    look: () => file.look(),
    read: (most: number) =>
      file.read(most).catch((failure: unknown) => {
        throw unreadable(path, shown, failure);
      }),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
  if (unfit === undefined) return source;
  await source[Symbol.asyncDispose]();
  throw new UsageError(`${shown}: ${path} is ${unfit}. Name another file.`);
}

/** @param property Dotted. @throws UsageError for a description that names no file beside it. */
async function nameBeside(run: ActionRun, path: string, property: string, shown: string): Promise<string> {
  // opened for itself: the one that is sent is read from its beginning
  await using description = await openSource(run, path, shown);
  if (description.bytes > largestDescription)
    throw new UsageError(
      `${shown}: ${path} is too large for a description: it is at most ${largestDescription} bytes.`,
    );
  let value = parseJson(Buffer.from(await description.read(largestDescription)).toString('utf8'), path);
  for (const name of property.split('.')) value = record(value)[name];
  if (typeof value === 'string' && value !== '' && basename(value) === value) return value;
  throw new UsageError(`${shown}: ${property} of ${path} must be the name of the file beside it that belongs to it.`);
}

/** One piece after the other, so that little of the files is in memory here and there. */
async function sendAll(
  sending: Sending,
  sources: readonly Source[],
  signal: AbortSignal,
  bar: ProgressBar | undefined,
): Promise<void> {
  const all = sources.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const [index, source] of sources.entries()) {
    for (let sent = 0; sent < source.bytes; ) {
      const piece = await source.read(Math.min(limits.pieceBytes, source.bytes - sent));
      if (piece.length === 0) throw changed(source);
      await sending.append(index, piece);
      signal.throwIfAborted(); // nobody waits any more, and the terminal is another's
      sent += piece.length;
      done += piece.length;
      bar?.draw(done / all, `sending ${source.name} (${mebibytes(done)} of ${mebibytes(all)} MiB)`);
    }
    const { bytes, changedAt } = await source.look();
    if (bytes !== source.bytes || changedAt !== source.changedAt) throw changed(source);
  }
}

function unreadable(path: string, shown: string, failure: unknown): UsageError {
  const reason = failure instanceof Error ? failure.message : String(failure);
  return new UsageError(`${shown}: the file ${path} can't be read: ${reason}.`);
}

function changed({ path }: Source): ApplianceError {
  const text = `${path} was changed while it was sent; core keeps nothing of it. Try again when nothing writes to it any more.`;
  return new ApplianceError('conflict', text);
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / mebibyte);
}
