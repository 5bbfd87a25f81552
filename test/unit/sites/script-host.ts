import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';

const libexec = join(import.meta.dirname, '../../../../systemd/libexec');
const scripts = ['gemel-site-health', 'gemel-site-render', 'gemel-sites-start'];

/** Takes down how it was called; a unit is what the file of its name says, and inactive without one. */
const systemctl = `#!/bin/bash
echo "$*" >>"$ROOT/record"
case "$*" in *"-p ActiveState"*) cat "$ROOT/units/\${!#}" 2>/dev/null || echo inactive ;; esac
`;

/** The programs that work without core, on a folder instead of an appliance. */
export class ScriptHost {
  readonly #root = mkdtempSync(join(tmpdir(), 'gemel-sites-'));

  constructor(t: ExecutionContext) {
    t.teardown(() => rmSync(this.#root, { recursive: true }));
    this.#program('bin/systemctl', systemctl);
    for (const name of scripts) {
      const text = readFileSync(join(libexec, name), 'utf8');
      this.#program(
        `libexec/${name}`,
        text.replaceAll(/\/(srv\/gemel|var\/lib|run\/gemel|run\/systemd)/g, `${this.#root}$&`),
      );
    }
  }

  /** @param path As on an appliance. */
  put(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  read(path: string): string {
    return existsSync(this.path(path)) ? readFileSync(this.path(path), 'utf8') : '';
  }

  /** Where a path of an appliance is. */
  path(path: string): string {
    return join(this.#root, path);
  }

  mode(path: string): number {
    return statSync(this.path(path)).mode & 0o777;
  }

  /** @param activeState As systemd says it of the unit. */
  unit(name: string, activeState: string): void {
    this.put(`units/${name}`, `${activeState}\n`);
  }

  /** What systemctl was asked to do. */
  asked(): readonly string[] {
    return this.read('record')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('show '));
  }

  run(script: string, ...argv: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
    const env = { PATH: `${this.path('bin')}:/usr/bin:/bin`, ROOT: this.#root };
    return new Promise((resolve, reject) => {
      execFile('bash', [this.path(`libexec/${script}`), ...argv], { env }, (failure, stdout, stderr) => {
        if (failure !== null && typeof failure.code !== 'number') reject(failure);
        else resolve({ code: Number(failure?.code ?? 0), said: `${stdout}${stderr}` });
      });
    });
  }

  #program(path: string, text: string): void {
    this.put(path, text);
    chmodSync(this.path(path), 0o755);
  }
}
