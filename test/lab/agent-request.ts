import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../../firmware/run-command.ts';

/** What the broker of a VM can be asked. Texts that may hold any byte are base64. */
export type AgentRequest =
  | { readonly kind: 'exec'; readonly argv: readonly string[]; readonly input: string; readonly timeoutSeconds: number }
  | { readonly kind: 'ready'; readonly timeoutSeconds: number }
  | { readonly kind: 'set-clock' };

export type AgentAnswer =
  | { readonly ok: true; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly ok: false; readonly error: string };

/** Asks the broker once. It may have been started a moment ago, so the first connection is tried for five seconds. */
export async function askAgent(socketPath: string, request: AgentRequest): Promise<Extract<AgentAnswer, { ok: true }>> {
  let answer: AgentAnswer | undefined;
  for (let left = 100; answer === undefined; left--) {
    try {
      answer = await exchange(socketPath, request);
    } catch (cause) {
      // ECONNREFUSED and ENOENT: not listening (yet).
      const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
      if (left === 0 || (code !== 'ENOENT' && code !== 'ECONNREFUSED')) throw cause;
      await sleep(50);
    }
  }
  if (!answer.ok) throw new ToolError(answer.error);
  return answer;
}

function exchange(socketPath: string, request: AgentRequest): Promise<AgentAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath });
    let received = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk) => {
      received += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (received === '') resolve({ ok: false, error: 'the appliance lost power meanwhile' });
      // Written by agent-broker.ts as one JSON document.
      else resolve(JSON.parse(received) as AgentAnswer);
    });
  });
}
