/** A frame is a length (4 bytes, big-endian) and that many bytes of JSON. */
const headerBytes = 4;

export function encodeFrame(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32BE(body.length);
  return Buffer.concat([header, body]);
}

/** Cuts a stream into frames. Costs what it is given, in however small pieces it comes. */
export class FrameReader {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #held = 0;

  /** @param maxBytes Of a frame's body. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True while a frame has begun and not ended. */
  get partial(): boolean {
    return this.#held > 0;
  }

  /** @throws RangeError for a frame above the limit, as soon as its length is there; SyntaxError for one that is not JSON. */
  push(chunk: Buffer, receive: (message: unknown) => void): void {
    this.#pieces.push(chunk);
    this.#held += chunk.length;
    for (let length = this.#length(); length !== undefined; length = this.#length()) {
      if (this.#held < headerBytes + length) return;
      const whole = this.#together();
      const rest = whole.subarray(headerBytes + length);
      this.#pieces = rest.length === 0 ? [] : [rest];
      this.#held = rest.length;
      receive(JSON.parse(whole.toString('utf8', headerBytes, headerBytes + length)));
    }
  }

  /** Of the frame that comes next; undefined until its header is there. */
  #length(): number | undefined {
    if (this.#held < headerBytes) return undefined;
    const first = this.#pieces[0];
    const length = (first !== undefined && first.length >= headerBytes ? first : this.#together()).readUInt32BE();
    if (length > this.#maxBytes) throw new RangeError(`a frame of ${length} bytes exceeds ${this.#maxBytes}`);
    return length;
  }

  #together(): Buffer {
    const whole = Buffer.concat(this.#pieces, this.#held);
    this.#pieces = [whole];
    return whole;
  }
}
