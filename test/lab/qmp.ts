import { connect } from 'node:net';

/** A QMP answer's payload; what it holds depends on the command (QEMU's qapi reference). */
type QmpReturn = unknown;

interface QmpMessage {
  readonly return?: QmpReturn;
  readonly error?: { readonly class: string; readonly desc: string };
  readonly event?: string;
}

export interface QmpCommand {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** Runs commands on one connection to a QMP socket, in order. The monitor serves one client at a time, so connections are short. */
export function qmp(socketPath: string, commands: readonly QmpCommand[], timeoutSeconds = 60): Promise<QmpReturn[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath });
    const queue: QmpCommand[] = [{ execute: 'qmp_capabilities' }, ...commands];
    const returns: QmpReturn[] = [];
    let received = '';
    let settled = false;
    const settle = (outcome: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      socket.destroy();
      outcome();
    };
    const fail = (text: string) => settle(() => reject(new Error(`QEMU monitor ${socketPath}: ${text}`)));
    const timer = setTimeout(() => fail(`no answer within ${timeoutSeconds} s`), timeoutSeconds * 1000);
    const send = (): void => {
      const next = queue[0];
      if (next === undefined) settle(() => resolve(returns.slice(1)));
      else socket.write(`${JSON.stringify(next)}\n`);
    };
    const take = (line: string): void => {
      // One JSON object a line, by QMP's specification.
      const message = JSON.parse(line) as QmpMessage & { readonly QMP?: object };
      if (message.QMP !== undefined) send();
      else if (message.error !== undefined) fail(`${queue[0]?.execute}: ${message.error.desc}`);
      else if ('return' in message) {
        returns.push(message.return);
        queue.shift();
        send();
      }
    };
    socket.on('data', (chunk) => {
      received += chunk.toString();
      const lines = received.split('\n');
      received = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '' && !settled) take(line);
    });
    socket.on('error', (cause) => fail(cause.message));
    socket.on('close', () => fail('closed'));
  });
}

/** A command of the human monitor (savevm, loadvm have no QMP form that waits). It reports failure as text. */
export async function humanMonitor(socketPath: string, command: string): Promise<void> {
  const [answer] = await qmp(socketPath, [
    { execute: 'human-monitor-command', arguments: { 'command-line': command } },
  ]);
  const text = typeof answer === 'string' ? answer.trim() : '';
  if (text !== '') throw new Error(`QEMU monitor, ${command}: ${text}`);
}
