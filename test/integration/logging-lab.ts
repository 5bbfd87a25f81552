import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Lab } from '../lab/lab.ts';
import { until } from '../accept/appliance-in-lab.ts';

const receiverProgram = join(import.meta.dirname, 'log-receiver.ts');

interface Counted {
  readonly entries: number;
  /** As performance.now() says it, to 10 ms. */
  readonly at: number;
}

/** An appliance `a` that sends, an rsyslog on `b`, and receivers of our own on the client. */
export class LoggingLab implements AsyncDisposable {
  readonly #receivers = new Map<number, ChildProcess>();

  readonly lab: Lab;
  /** Of this machine: what receivers keep, and certificates. */
  readonly folder: string;

  private constructor(lab: Lab, folder: string) {
    this.lab = lab;
    this.folder = folder;
  }

  static async up(name: string): Promise<LoggingLab> {
    const lab = await Lab.up({ nodes: 2, kind: 'container', name });
    const made = new LoggingLab(lab, await mkdtemp(join(tmpdir(), 'gemel-logging-')));
    for (const [index, node] of (['a', 'b'] as const).entries()) {
      await until(`core of ${node}`, 120, async () => (await lab.node(node).exec(['gemel', 'status'])).code === 0);
      await made.sh(node, `gemel network simple set --address 10.77.0.${11 + index}/24 --gateway 10.77.0.1`);
      await made.sh(node, 'gemel settings activate && gemel settings confirm');
    }
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const port of this.#receivers.keys()) await this.stopReceiver(port);
    await this.lab.down();
    await rm(this.folder, { recursive: true });
  }

  async sh(node: 'a' | 'b', line: string): Promise<string> {
    const { code, stdout, stderr } = await this.lab.node(node).exec(['sh', '-c', line], { timeoutSeconds: 180 });
    if (code !== 0) throw new Error(`${line}: exit code ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  async startReceiver(port: number, mode: 'keep' | 'deaf' = 'keep'): Promise<void> {
    await this.#receiver(port, mode === 'deaf' ? '--deaf' : join(this.folder, `received-${port}`));
  }

  /** A receiver that only counts the different numbers of a burst. @returns how many there are, and when the last came. */
  async startCounter(port: number, burst: string): Promise<() => Counted> {
    const output = await this.#receiver(port, '--count', burst);
    let counted: Counted = { entries: 0, at: performance.now() };
    output.setEncoding('utf8').on('data', (text: string) => {
      counted = { entries: Number(text.trim().split('\n').at(-1)), at: performance.now() };
    });
    return () => counted;
  }

  async #receiver(port: number, ...mode: readonly string[]): Promise<Readable> {
    const [program = '', ...words] = [...this.lab.clientCommand(), process.execPath, receiverProgram];
    const child = spawn(program, [...words, String(port), ...mode], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    this.#receivers.set(port, child);
    return child.stdout;
  }

  async stopReceiver(port: number): Promise<void> {
    const child = this.#receivers.get(port);
    this.#receivers.delete(port);
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'close');
  }

  async received(port: number): Promise<Buffer> {
    const names = await this.#kept(port);
    return Buffer.concat(await Promise.all(names.map((name) => readFile(join(this.folder, name)))));
  }

  /** Different numbers of a burst that a receiver got. */
  async arrived(port: number, burst: string): Promise<number> {
    return (await this.numbers(port, burst)).size;
  }

  async numbers(port: number, burst: string): Promise<ReadonlySet<number>> {
    return numbersIn((await this.received(port)).toString('latin1'), burst);
  }

  /** Entries `BURST number N`, this many bytes longer, straight into the journal, as fast as it takes them; the first has number `after` + 1. */
  async burst(burst: string, count: number, longer = 0, after = 0): Promise<void> {
    await this.#perl(`my $more = '.' x ${longer};
      for my $n (${after + 1}..${after + count}) { send($s, "PRIORITY=6\\nSYSLOG_IDENTIFIER=burst\\nMESSAGE=${burst} number $n;$more\\n", 0) or die $! }`);
  }

  /** One entry whose message is exactly these bytes. */
  async entry(message: Uint8Array): Promise<void> {
    const hex = Buffer.from(message).toString('hex');
    await this.#perl(
      `my $m = pack('H*', <STDIN>);
      send($s, "PRIORITY=6\\nSYSLOG_IDENTIFIER=bytes\\nMESSAGE\\n" . pack('Q<', length $m) . "$m\\n", 0) or die $!`,
      hex,
    );
  }

  async #kept(port: number): Promise<readonly string[]> {
    return (await readdir(this.folder)).filter((name) => name.startsWith(`received-${port}.`));
  }

  async #perl(body: string, input = ''): Promise<void> {
    const program = `use Socket; socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die;
      connect($s, sockaddr_un('/run/systemd/journal/socket')) or die; ${body}`;
    const { code, stderr } = await this.lab.node('a').exec(['perl', '-e', program], { timeoutSeconds: 120, input });
    if (code !== 0) throw new Error(`perl: ${stderr}`);
  }

  async destinations(): Promise<ReadonlyMap<string, Shown>> {
    // the shape is what the action's output schema says
    const { destinations } = JSON.parse(await this.sh('a', 'gemel log forwarding --json')) as {
      readonly destinations: readonly Shown[];
    };
    return new Map(destinations.map((each) => [each.name, each]));
  }
}

export interface Shown {
  readonly name: string;
  readonly state: string;
  readonly sent: number;
  readonly queued: number;
  readonly dropped: number;
  readonly lastError: string | null;
}

export function numbersIn(text: string, burst: string): ReadonlySet<number> {
  return new Set([...text.matchAll(new RegExp(`${burst} number (\\d+);`, 'g'))].map(([, number]) => Number(number)));
}
