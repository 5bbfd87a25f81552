import { ExportReader } from './export-reader.js';
import { entryFields, type JournalEntry, parseEntry } from './journal-entry.js';

/** Arguments of journalctl for entries, as ExportReader reads them. */
export const entryOutput = ['--output=export', `--output-fields=${entryFields}`] as const;

/** The entries in what journalctl prints, as they come. */
export async function* entriesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<JournalEntry> {
  const reader = new ExportReader();
  for await (const chunk of chunks) {
    for (const fields of reader.read(chunk)) yield parseEntry(fields);
  }
}

/** Each as it comes, whoever has one. Ends with the last of them. */
export async function* together<Item>(sources: readonly AsyncIterable<Item>[]): AsyncGenerator<Item> {
  const waiting = new Map(sources.map((source) => startReading(source[Symbol.asyncIterator]())));
  try {
    while (waiting.size > 0) {
      const { reader, result } = await Promise.race(waiting.values());
      // to the end of the row: one that always has something keeps nobody else waiting
      waiting.delete(reader);
      if (result.done !== true) {
        waiting.set(...startReading(reader));
        yield result.value;
      }
    }
  } finally {
    // not waited for: one that is just waiting for its next entry ends with its signal
    for (const reader of waiting.keys()) void reader.return?.();
  }
}

type Reading<Item> = readonly [
  AsyncIterator<Item>,
  Promise<{ readonly reader: AsyncIterator<Item>; readonly result: IteratorResult<Item> }>,
];

function startReading<Item>(reader: AsyncIterator<Item>): Reading<Item> {
  return [reader, reader.next().then((result) => ({ reader, result }))];
}

/** Two sources that are each in the order of time, as one that is. */
export async function* inOrder(
  one: AsyncIterable<JournalEntry>,
  two: AsyncIterable<JournalEntry>,
): AsyncGenerator<JournalEntry> {
  const [left, right] = [one[Symbol.asyncIterator](), two[Symbol.asyncIterator]()];
  try {
    let [a, b] = await Promise.all([left.next(), right.next()]);
    while (a.done !== true || b.done !== true) {
      if (b.done === true || (a.done !== true && a.value.at <= b.value.at)) {
        // one of both is not done, and it is this one
        if (a.done !== true) yield a.value;
        a = await left.next();
      } else {
        yield b.value;
        b = await right.next();
      }
    }
  } finally {
    await Promise.all([left.return?.(), right.return?.()]);
  }
}

/** Texts joined to pieces that are worth a message each. */
export async function* inPieces(texts: AsyncIterable<string>, atLeast = 32_768): AsyncGenerator<string> {
  let piece = '';
  for await (const text of texts) {
    piece += text;
    if (piece.length < atLeast) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
