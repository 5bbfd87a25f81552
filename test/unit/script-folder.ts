import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** The shell programs of the appliance. */
export const libexec = join(import.meta.dirname, '../../../systemd/libexec');

export interface ScriptEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A folder in place of the appliance's, in which a shell program runs with others in its `bin` that answer as the test says. `$FOLDER` is
 * this folder and `$RECORD` the file `record` in it, for what programs take down.
 */
export class ScriptFolder {
  readonly folder = mkdtempSync(join(tmpdir(), 'gemel-script-'));

  constructor(t: ExecutionContext) {
    t.teardown(() => rmSync(this.folder, { recursive: true }));
    this.put('record', '');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  put(name: string, text: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
  }

  /** Empty when there is no such file. */
  read(name: string): string {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), 'utf8') : '';
  }

  /** @param text Lines of a shell script, without the first. */
  program(name: string, text = ''): void {
    this.executable(`bin/${name}`, `#!/bin/bash\n${text}\n`);
  }

  /** A program that takes down its name and how it was called, and then does this. */
  recording(name: string, text = ''): void {
    this.program(name, `echo "${name} $*" >>"$RECORD"\n${text}`);
  }

  /** Written by another process: a program that is forked while this one has the file open would keep it from being run (ETXTBSY). */
  executable(name: string, text: string): void {
    const write = 'mkdir -p "${1%/*}" && cat >"$1" && chmod 755 "$1"';
    execFileSync('sh', ['-c', write, 'sh', this.path(name)], { input: text });
  }

  /** What the programs took down. */
  get record(): readonly string[] {
    return this.read('record').split('\n').slice(0, -1);
  }

  /** @param more Beside the path to the programs. */
  environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
    const PATH = `${this.path('bin')}:/usr/sbin:/usr/bin:/sbin:/bin`;
    return { PATH, FOLDER: this.folder, RECORD: this.path('record'), ...more };
  }

  /** Whatever it ends with; one that cannot be started, or does not end, fails. */
  run(program: string, argv: readonly string[], env: NodeJS.ProcessEnv): Promise<ScriptEnd> {
    return new Promise((resolve, reject) => {
      execFile(program, argv, { env, timeout: 20_000 }, (failure, stdout, stderr) => {
        if (failure !== null && typeof failure.code !== 'number') reject(failure);
        else resolve({ code: Number(failure?.code ?? 0), stdout, stderr });
      });
    });
  }
}
