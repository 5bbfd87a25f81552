import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Lab } from '../lab/lab.ts';

export interface Answer {
  /** Milliseconds since 1970. */
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly host: string;
  readonly path: string;
}

/** A client in the lab's network that asks without end, see lab-client.ts. Ends with its disposal. */
export class ClientProcess implements AsyncDisposable {
  readonly answers: Answer[] = [];
  readonly #child: ChildProcess;

  constructor(lab: Lab, mode: 'poll' | 'poll-each' | 'write', host: string, port: number | string, path: string) {
    const [program = '', ...enter] = lab.clientCommand();
    const argv = [
      ...enter,
      process.execPath,
      join(import.meta.dirname, 'lab-client.ts'),
      mode,
      host,
      String(port),
      path,
    ];
    this.#child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('the client has no output');
    createInterface(this.#child.stdout).on('line', (line) => {
      const [asked = '', answered = '', from = '', what = ''] = line.split(' ');
      this.answers.push({ askedAt: Number(asked), answeredAt: Number(answered), host: from, path: what });
    });
  }

  /** Longest time without an answer (to this path) that touches the span, milliseconds; to its end when nothing answered any more. */
  longestSilence(from: number, to: number, path?: string): number {
    const answers = path === undefined ? this.answers : this.answers.filter((answer) => answer.path === path);
    const times = answers.map(({ answeredAt }) => answeredAt).toSorted((a, b) => a - b);
    const before = times.findLast((time) => time <= from) ?? from;
    const inside = times.filter((time) => time > before && time <= to);
    let last = before;
    let longest = 0;
    for (const time of [...inside, to]) {
      longest = Math.max(longest, time - last);
      last = time;
    }
    return longest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode === null && this.#child.kill()) await ended;
  }
}
