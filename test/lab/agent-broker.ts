/**
 * One process per VM between the lab's commands and the guest agent: the agent's port takes a single client and is slow to notice a new
 * one, this socket takes any number at once. Ends by itself when QEMU goes.
 * Usage: node agent-broker.ts AGENT_SOCKET LISTEN_SOCKET
 */
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentAnswer, AgentRequest } from './agent-request.ts';
import { AgentRefused, GuestAgent } from './guest-agent.ts';

const ENVIRONMENT = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'USER=root',
  'LOGNAME=root',
  'LANG=C.UTF-8',
  'TERM=dumb',
];

/** Between two looks at a running command: soon for short ones, rarely for long ones, as each look costs the emulated guest time. */
const FIRST_LOOK_MILLISECONDS = 15;
const LAST_LOOK_MILLISECONDS = 250;

/** A booting guest has better things to do. */
const BOOT_LOOK_MILLISECONDS = 1000;
const WAIT_UNTIL_BOOTED = ['systemctl', 'is-system-running', '--wait'];

/** guest-exec-status of QEMU's qga reference. */
interface ExecStatus {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
}

const [agentPath = '', listenPath = ''] = process.argv.slice(2);
const agent = await GuestAgent.connect(agentPath);

const finished = (code: number, stdout = '', stderr = ''): AgentAnswer => ({ ok: true, code, stdout, stderr });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function execute(
  argv: readonly string[],
  input: string,
  deadline: number,
  gone: AbortSignal,
  firstLook = FIRST_LOOK_MILLISECONDS,
): Promise<AgentAnswer> {
  const [path = '', ...arg] = argv;
  const parameters = {
    path,
    arg,
    env: ENVIRONMENT,
    'capture-output': true,
    ...(input === '' ? {} : { 'input-data': input }),
  };
  let pid: number;
  try {
    // guest-exec returns { pid }.
    ({ pid } = (await agent.call('guest-exec', parameters, deadline)) as { pid: number });
  } catch (cause) {
    // The shell's code for a command that is not there.
    if (cause instanceof AgentRefused && cause.message.includes('No such file or directory'))
      return finished(127, '', base64(`${cause.message}\n`));
    throw cause;
  }
  for (let pause = firstLook; ; pause = Math.max(firstLook, Math.min(pause * 1.4, LAST_LOOK_MILLISECONDS))) {
    await sleep(pause);
    // Shape per the reference, see ExecStatus.
    const status = (await agent.call('guest-exec-status', { pid }, deadline)) as ExecStatus;
    if (status.exited)
      return finished(
        status.exitcode ?? 128 + (status.signal ?? 0),
        status['out-data'] ?? '',
        status['err-data'] ?? '',
      );
    if (Date.now() < deadline && !gone.aborted) continue;
    const script = `pkill -KILL -P ${pid}; kill -KILL ${pid}`;
    await agent.call('guest-exec', { path: '/bin/sh', arg: ['-c', script], env: ENVIRONMENT }, Date.now() + 5000);
    return { ok: false, error: `${argv.join(' ')} was still running at its time limit and was killed` };
  }
}

/** Waits out a system on its way down as well, and the time in which there is no agent: both happen around a reboot. */
async function ready(deadline: number, gone: AbortSignal): Promise<AgentAnswer> {
  let verdict: AgentAnswer = { ok: false, error: 'the appliance did not finish booting in time' };
  while (Date.now() < deadline && !gone.aborted) {
    try {
      verdict = await execute(WAIT_UNTIL_BOOTED, '', deadline, gone, BOOT_LOOK_MILLISECONDS);
    } catch (cause) {
      if (!(cause instanceof AgentRefused)) throw cause;
      continue;
    }
    const state = verdict.ok ? Buffer.from(verdict.stdout, 'base64').toString().trim() : '';
    if (state === 'running' || state === 'degraded') break;
    await sleep(BOOT_LOOK_MILLISECONDS);
  }
  return verdict;
}

async function answer(request: AgentRequest, gone: AbortSignal): Promise<AgentAnswer> {
  switch (request.kind) {
    case 'exec':
      return execute(request.argv, request.input, Date.now() + request.timeoutSeconds * 1000, gone);
    case 'ready':
      return ready(Date.now() + request.timeoutSeconds * 1000, gone);
    case 'set-clock':
      // Sets the time, then fails where the guest has no hwclock program: the time is what matters.
      await agent
        .call('guest-set-time', { time: Date.now() * 1_000_000 }, Date.now() + 30_000)
        .catch((cause: unknown) => {
          if (!(cause instanceof AgentRefused && cause.message.includes('hwclock'))) throw cause;
        });
      return finished(0);
  }
}

function serve(socket: Socket): void {
  const gone = new AbortController();
  let received = '';
  socket.setEncoding('utf8');
  socket.on('error', () => undefined);
  socket.on('close', () => gone.abort());
  socket.on('data', (chunk) => {
    received += chunk.toString();
    if (!received.endsWith('\n')) return;
    // Written by askAgent, one line per connection.
    void answer(JSON.parse(received) as AgentRequest, gone.signal)
      .catch(
        (cause: unknown): AgentAnswer => ({ ok: false, error: cause instanceof Error ? cause.message : String(cause) }),
      )
      .then((result) => socket.end(JSON.stringify(result)));
  });
}

const server = createServer(serve);
rmSync(listenPath, { force: true });
server.listen({ path: listenPath });
await agent.closed();
rmSync(listenPath, { force: true });
process.exit(0);
