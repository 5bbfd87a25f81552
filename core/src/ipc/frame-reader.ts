import { frameEnd } from './protocol.js';

/** Cuts a stream of text into frames. Costs what it is given, in however small pieces it comes. */
export class FrameReader {
  readonly #maxBytes: number;
  #pieces: string[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True while a frame has begun and not ended. */
  get partial(): boolean {
    return this.#pieces.length > 0;
  }

  /** @throws RangeError for a frame above the limit, as soon as that is known. */
  push(chunk: string, receive: (frame: string) => void): void {
    let start = 0;
    for (let end = chunk.indexOf(frameEnd); end !== -1; end = chunk.indexOf(frameEnd, start)) {
      const piece = chunk.slice(start, end);
      start = end + 1;
      this.#count(piece);
      const frame = this.#pieces.length === 0 ? piece : this.#pieces.join('') + piece;
      this.#pieces = [];
      this.#bytes = 0;
      receive(frame);
    }
    if (start === chunk.length) return;
    const rest = start === 0 ? chunk : chunk.slice(start);
    this.#count(rest);
    this.#pieces.push(rest);
  }

  #count(piece: string): void {
    this.#bytes += Buffer.byteLength(piece);
    if (this.#bytes > this.#maxBytes) throw new RangeError(`message exceeds ${this.#maxBytes} bytes`);
  }
}
