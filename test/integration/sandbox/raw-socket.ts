import { connect, type Socket } from 'node:net';

/** A client without manners: any bytes on core's socket. */
export class RawSocket implements AsyncDisposable {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #text = '';

  static async open(path: string): Promise<RawSocket> {
    const client = new RawSocket(connect({ path }));
    await new Promise<void>((resolve, reject) => {
      client.socket.once('connect', resolve);
      client.socket.once('error', reject);
    });
    return client;
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => (this.#text += text));
    socket.on('error', () => undefined); // core hung up: `closed` tells
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  get received(): string {
    return this.#text;
  }

  send(type: string, data: unknown): void {
    this.socket.write(`${JSON.stringify({ type, data })}\f`);
  }

  hello(): void {
    this.send('hello', { version: 1 });
  }

  invoke(id: number, action: string, input: unknown = {}): void {
    this.send('request', { id, method: 'invoke', params: { action, input } });
  }

  /** Writes as long as core takes it. @returns how much it took before it hung up, bytes. */
  async flood(chunk: Uint8Array, total: number): Promise<number> {
    let sent = 0;
    while (sent < total && !this.socket.destroyed) {
      sent += chunk.length;
      if (!this.socket.write(chunk)) {
        await Promise.race([new Promise<void>((resolve) => this.socket.once('drain', () => resolve())), this.closed]);
      }
    }
    return sent;
  }

  async waitFor(pattern: RegExp, seconds = 10): Promise<void> {
    for (const end = Date.now() + seconds * 1_000; !pattern.test(this.#text); ) {
      if (Date.now() > end || this.socket.destroyed)
        throw new Error(`no ${pattern.source} in: ${this.#text.slice(0, 500)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }
}
