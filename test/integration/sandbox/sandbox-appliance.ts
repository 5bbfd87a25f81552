import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = (name: string) => join(import.meta.dirname, '../../../build/core/dist/bin', `${name}.js`);
/** A core that is not up by then never will be; the machine may be busy. */
const startLimitMs = 60_000;
/** Characters of core's output that are kept. */
const longestOutput = 200_000;

export interface Ran {
  /** -1 when a signal ended it. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface RunOptions {
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** An appliance on the sandbox host in a process of its own, and the real `gemel` to talk to it. */
export class SandboxAppliance implements AsyncDisposable {
  readonly folder: string;
  #child: ChildProcess | undefined;
  #output = '';

  static async create(): Promise<SandboxAppliance> {
    return new SandboxAppliance(await mkdtemp(join(tmpdir(), 'gemel-sandbox-')));
  }

  /** Created and started. */
  static async start(): Promise<SandboxAppliance> {
    const appliance = await SandboxAppliance.create();
    await appliance.start();
    return appliance;
  }

  private constructor(folder: string) {
    this.folder = folder;
  }

  get socket(): string {
    return join(this.folder, 'run/root/core.sock');
  }

  /** Everything core wrote since it was started. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    assert.ok(pid !== undefined, 'the appliance runs');
    return pid;
  }

  get running(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  async start(limitMs = startLimitMs): Promise<void> {
    assert.ok(!this.running, 'it was ended before');
    this.#output = '';
    const child = spawn(process.execPath, [program('gemel-sandbox'), '--state', this.folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`the sandbox ${why}:\n${this.#output}`));
      const limit = setTimeout(() => fail('did not become ready'), limitMs);
      const take = (text: string) => {
        this.#output = (this.#output + text).slice(-longestOutput);
        if (!/^READY$/m.test(this.#output.slice(-10_000))) return;
        clearTimeout(limit);
        resolve();
      };
      child.stdout.setEncoding('utf8').on('data', take);
      child.stderr.setEncoding('utf8').on('data', take);
      child.once('exit', (code) => {
        clearTimeout(limit);
        fail(`ended with ${code}`);
      });
    });
  }

  /** As systemd does it: what ends or does not become ready in time is killed and started again. */
  async startAgainAndAgain(attempts: number, limitMs: number): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.start(limitMs);
        return;
      } catch (failure) {
        await this.end('SIGKILL');
        if (attempt === attempts) throw failure;
      }
    }
  }

  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async restart(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.end(signal);
    await this.start();
  }

  async gemel(...argv: readonly string[]): Promise<Ran> {
    return this.run(argv);
  }

  async run(argv: readonly string[], { input, environment = {} }: RunOptions = {}): Promise<Ran> {
    const { LANG: _lang, LC_ALL: _all, ...rest } = process.env;
    const child = spawn(process.execPath, [program('gemel'), ...argv], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...rest, LC_ALL: 'C.UTF-8', GEMEL_SOCKET: this.socket, ...environment },
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.stdin.on('error', () => undefined); // it may end before it has read everything
    child.stdin.end(input ?? '');
    const code = await new Promise<number>((resolve) => child.once('close', (exitCode) => resolve(exitCode ?? -1)));
    return { code, out, err };
  }

  /** @throws AssertionError unless it ends with 0. */
  async must(...argv: readonly string[]): Promise<string> {
    const { code, out, err } = await this.gemel(...argv);
    assert.equal(code, 0, `gemel ${argv.join(' ')} ended with ${code}: ${out}${err}`);
    return out;
  }

  /** Output with `--json`; its shape is the caller's claim, and a wrong one fails the check. */
  async json<Output>(...argv: readonly string[]): Promise<Output> {
    return JSON.parse(await this.must(...argv, '--json')) as Output;
  }

  /** @throws AssertionError unless it ends with this code and says something about it. */
  async refused(code: number, ...argv: readonly string[]): Promise<string> {
    const ran = await this.gemel(...argv);
    const line = argv.map((word) => (word.length > 60 ? `${word.slice(0, 60)}…` : word)).join(' ');
    assert.equal(ran.code, code, `gemel ${line} ended with ${ran.code}: ${ran.out}${ran.err}`);
    assert.notEqual(ran.err.trim(), '', `gemel ${line} says nothing`);
    assert.doesNotMatch(ran.err, /\n\s+at .+:\d+/, 'a stack is no message');
    return ran.err;
  }

  async status(): Promise<ActivationState> {
    const { value } = await this.json<{ readonly value: ActivationState }>('status', 'show', 'settings.activation');
    return value;
  }

  /** Waits for a condition; looks ten times a second. */
  async until(what: string, seconds: number, holds: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + seconds * 1_000; Date.now() < end; ) {
      if (await holds()) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail(`not within ${seconds} s: ${what}`);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** A third-party package in the data folder: files by name. */
  async addPlugin(id: string, files: Readonly<Record<string, string>>): Promise<void> {
    const folder = this.path(`lib/plugins/${id}`);
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  }

  async plugin(id: string): Promise<{ readonly condition: string; readonly reason: string } | undefined> {
    const { plugins } = await this.json<{
      readonly plugins: readonly { readonly id: string; readonly condition: string; readonly reason: string }[];
    }>('plugin', 'list');
    return plugins.find((each) => each.id === id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}

export interface ActivationState {
  readonly state: string;
  readonly confirmed: number;
  readonly running: number;
  readonly revision: number | null;
  readonly secondsLeft: number | null;
  readonly pending: number;
  readonly pendingAuthors: readonly string[];
  readonly reports: readonly { readonly code: string; readonly text: string }[];
}
