import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long one answer may take before the agent counts as restarted: an emulated, busy appliance needs seconds for a fork. */
const ANSWER_MILLISECONDS = 20_000;

/** And how fast a busy one takes in what it is given, bytes per millisecond. */
const INPUT_PACE = 250;

/** A new try to find the agent's stream; short, since it decides how soon a booted appliance is noticed. */
const SYNC_MILLISECONDS = 500;

export class AgentRefused extends Error {
  override readonly name = 'AgentRefused';
}

interface AgentMessage {
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

/**
 * The qemu-guest-agent protocol over its chardev socket (QEMU's qga reference). One call at a time, answers in order.
 *
 * INVARIANT: a call is only sent while `synced`; whatever the agent said before the matching guest-sync-delimited is thrown away. So
 * an agent that restarted (boot) or jumped (restored snapshot) cannot answer an older question.
 */
export class GuestAgent {
  readonly #socket: Socket;
  #received = '';
  #synced = false;
  #syncId = Date.now() % 1_000_000_000;
  #turn: Promise<unknown> = Promise.resolve();
  #onLine: ((line: string) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => this.#take(chunk.toString()));
  }

  static async connect(path: string, tries = 200): Promise<GuestAgent> {
    for (let left = tries; ; left--) {
      try {
        return new GuestAgent(await connected(path));
      } catch (cause) {
        if (left === 0) throw cause;
        await sleep(50);
      }
    }
  }

  /** Resolves when QEMU has gone. */
  closed(): Promise<void> {
    return new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  /** One call, waiting until `deadline` (milliseconds since the epoch) for an agent to be there at all. */
  call(execute: string, parameters: Readonly<Record<string, unknown>>, deadline: number): Promise<unknown> {
    const result = this.#turn.then(() => this.#exchange(execute, parameters, deadline));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #exchange(execute: string, parameters: Readonly<Record<string, unknown>>, deadline: number): Promise<unknown> {
    await this.#sync(deadline);
    const command = `${JSON.stringify({ execute, arguments: parameters })}\n`;
    this.#socket.write(command);
    const line = await this.#line(ANSWER_MILLISECONDS + command.length / INPUT_PACE);
    if (line === undefined || line === '') {
      this.#synced = false;
      throw new AgentRefused(`the guest agent did not answer ${execute}: the appliance restarted or hangs`);
    }
    const message = parse(line);
    if (message?.error !== undefined) throw new AgentRefused(message.error.desc);
    return message?.return;
  }

  async #sync(deadline: number): Promise<void> {
    while (!this.#synced) {
      if (Date.now() > deadline) throw new AgentRefused('the guest agent did not answer in time');
      const id = ++this.#syncId;
      const request = JSON.stringify({ execute: 'guest-sync-delimited', arguments: { id } });
      // 0xFF makes the agent drop a half-received command; latin1 keeps it one byte.
      this.#socket.write(`\xff${request}\n`, 'latin1');
      const until = Date.now() + SYNC_MILLISECONDS;
      while (!this.#synced && Date.now() < until) {
        const line = await this.#line(until - Date.now());
        if (line !== undefined && parse(line)?.return === id) this.#synced = true;
      }
    }
  }

  #line(milliseconds: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const finish = (line: string | undefined): void => {
        clearTimeout(timer);
        this.#onLine = undefined;
        resolve(line);
      };
      const timer = setTimeout(finish, Math.max(1, milliseconds), undefined);
      this.#onLine = finish;
    });
  }

  #take(chunk: string): void {
    this.#received += chunk;
    const lines = this.#received.split('\n');
    this.#received = lines.pop() ?? '';
    for (const line of lines) this.#onLine?.(line);
  }
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

function parse(line: string): AgentMessage | undefined {
  try {
    // The agent's answers are JSON objects, one a line, after an optional 0xFF.
    return JSON.parse(line.slice(line.lastIndexOf('\xff') + 1)) as AgentMessage;
  } catch {
    return undefined;
  }
}
