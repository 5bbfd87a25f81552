import { connect, type Socket } from 'node:net';

/** A client without manners: whatever bytes a test wants, on a real socket. */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #text = '';
  #grown = Promise.withResolvers<void>();

  static async open(path: string): Promise<RawClient> {
    const client = new RawClient(path);
    await new Promise<void>((resolve, reject) => {
      client.socket.once('connect', resolve);
      client.socket.once('error', reject);
    });
    return client;
  }

  private constructor(path: string) {
    this.socket = connect({ path, allowHalfOpen: true });
    this.socket.setEncoding('utf8');
    this.socket.on('data', (chunk) => {
      this.#text += String(chunk);
      this.#grow();
    });
    this.socket.on('error', () => undefined); // reset by core: `closed` tells
    this.socket.on('end', () => this.socket.destroy());
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()));
    void this.closed.then(() => this.#grow());
  }

  /** Messages received so far. */
  get messages(): readonly { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[] {
    return this.#text
      .split('\f')
      .slice(0, -1)
      .map((frame) => JSON.parse(frame));
  }

  /** The first message of a kind, when it comes. */
  async message(type: string): Promise<Readonly<Record<string, unknown>>> {
    for (;;) {
      const found = this.messages.find((message) => message.type === type);
      if (found !== undefined) return found.data;
      if (this.socket.destroyed) throw new Error(`closed without ${type}`);
      await this.#grown.promise;
    }
  }

  bytes(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  send(type: string, data: unknown): void {
    this.bytes(`${JSON.stringify({ type, data })}\f`);
  }

  async hello(): Promise<void> {
    this.send('hello', { version: 1 });
    await this.message('welcome');
  }

  invoke(id: number, action: string, input: unknown = {}): void {
    this.send('request', { id, method: 'invoke', params: { action, input } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  #grow(): void {
    this.#grown.resolve();
    this.#grown = Promise.withResolvers();
  }
}
