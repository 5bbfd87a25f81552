import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** As in gemel-core.service and scripts/start. */
const nodeOptions = ['--min-semi-space-size=16'];
const node = 'node_modules/.bin/node';

/** An appliance on the sandbox host, in a process of its own, as `npm start` runs it. */
export class SandboxProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly folder: string;
  /** From exec to READY, milliseconds. */
  readonly readyMs: number;

  private constructor(child: ChildProcess, folder: string, readyMs: number) {
    this.child = child;
    this.folder = folder;
    this.readyMs = readyMs;
  }

  static async newFolder(): Promise<string> {
    return mkdtemp(join(tmpdir(), 'gemel-bench-'));
  }

  static async start(folder: string): Promise<SandboxProcess> {
    const began = performance.now();
    const child = spawn(node, [...nodeOptions, 'build/core/dist/bin/gemel-sandbox.js', '--state', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const readyMs = await new Promise<number>((resolve, reject) => {
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (/^READY$/m.test(output)) resolve(performance.now() - began);
      });
      child.once('exit', (code) => reject(new Error(`the sandbox ended with ${code}:\n${output}`)));
    });
    return new SandboxProcess(child, folder, readyMs);
  }

  get socket(): string {
    return join(this.folder, 'run/root/core.sock');
  }

  /** Resident memory now, MB (10^6 bytes). */
  async memoryMegabytes(): Promise<number> {
    const text = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) * 1_024) / 1e6;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
  }
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
