import { GuardedParser, type IpcConfig, IPCProtocolError } from 'node-ipc';
import { FrameReader } from './frame-reader.js';
import { frameEnd } from './protocol.js';

export interface FrameRules {
  readonly maxReceivedBytes: number;
  readonly maxSentBytes: number;
  /** Kinds of message that may come in; any other closes the connection. */
  readonly receivedKinds: readonly string[];
}

/**
 * node-ipc's guarded profile with three changes: received and sent messages have their own limits, only the protocol's
 * kinds come in, and a frame costs its length once. The original searches and measures everything received so far on
 * every chunk, so a client that drips a large frame byte by byte keeps the whole daemon busy.
 */
export function guardedFrames(rules: FrameRules): new (config: IpcConfig) => GuardedParser {
  const kinds = new Set<unknown>(rules.receivedKinds);

  return class extends GuardedParser {
    override encode(type: string, data?: unknown): string {
      const frame = JSON.stringify({ type, data });
      // a UTF-16 unit takes three bytes at most, so small frames need no counting
      if (frame.length * 3 > rules.maxSentBytes && Buffer.byteLength(frame) > rules.maxSentBytes) {
        throw new IPCProtocolError('ERR_IPC_FRAME_TOO_LARGE', `message exceeds ${rules.maxSentBytes} bytes`);
      }
      return frame + frameEnd;
    }

    override read(buffer: unknown, data: string, receive: (message: unknown) => void): unknown {
      if (!(buffer instanceof FrameReader) && data.indexOf(frameEnd) === data.length - 1 && this.#isSmall(data)) {
        receive(this.decodeMessage(data.slice(0, -1)));
        return '';
      }
      const reader = buffer instanceof FrameReader ? buffer : new FrameReader(rules.maxReceivedBytes);
      try {
        reader.push(data, (frame) => receive(this.decodeMessage(frame)));
      } catch (failure) {
        if (!(failure instanceof RangeError)) throw failure;
        throw new IPCProtocolError('ERR_IPC_FRAME_TOO_LARGE', failure.message);
      }
      return reader.partial ? reader : '';
    }

    override validateType(type: unknown): void {
      if (!kinds.has(type)) throw new IPCProtocolError('ERR_IPC_INVALID_EVENT', 'unknown kind of message');
    }

    #isSmall(data: string): boolean {
      return data.length * 3 <= rules.maxReceivedBytes;
    }
  };
}
