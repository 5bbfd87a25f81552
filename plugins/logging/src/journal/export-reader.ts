/** The fields of one entry, in bytes: a character stands for each. */
export type JournalFields = ReadonlyMap<string, string>;

/** Of the length that comes before a value with line ends or bytes that are no text; little-endian. */
const lengthBytes = 8;

/**
 * Reads what `journalctl --output=export` prints, in pieces however they are cut. Of the forms with all fields it costs
 * journalctl least: of a search through a hundred thousand entries for a thousand JSON is a tenth, this a twenty-fifth.
 * Source: https://systemd.io/JOURNAL_EXPORT_FORMATS/
 */
export class ExportReader {
  #rest = '';
  #fields = new Map<string, string>();

  /** The entries that this piece completes. Of a field that comes twice the first is kept. */
  *read(piece: Uint8Array): Generator<JournalFields> {
    const text = this.#rest + Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1');
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      const line = text.slice(start, end);
      const equals = line.indexOf('=');
      let [name, value] = [line.slice(0, equals), line.slice(equals + 1)];
      if (equals === -1 && line !== '') {
        const begin = end + 1 + lengthBytes;
        const length = lengthAt(text, end + 1);
        // its own line end follows it
        if (begin + length >= text.length) break;
        [name, value] = [line, text.slice(begin, begin + length)];
        end = begin + length;
      }
      start = end + 1;
      if (line !== '') {
        if (!this.#fields.has(name)) this.#fields.set(name, value);
      } else if (this.#fields.size > 0) {
        yield this.#fields;
        this.#fields = new Map();
      }
    }
    this.#rest = text.slice(start);
  }
}

function lengthAt(text: string, place: number): number {
  let length = 0;
  for (let index = lengthBytes - 1; index >= 0; index -= 1) length = length * 256 + text.charCodeAt(place + index);
  // of a length that is not all there yet: NaN, which no text is long enough for
  return Number.isNaN(length) ? Number.POSITIVE_INFINITY : length;
}
