import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { libexec, ScriptFolder } from '../script-folder.js';

const scripts = ['gemel-site-health', 'gemel-site-render', 'gemel-sites-start'];

/** The programs that work without core, on a folder instead of an appliance. */
export class ScriptHost extends ScriptFolder {
  constructor(t: ExecutionContext) {
    super(t);
    // a unit is what the file of its name says, and inactive without one
    this.recording(
      'systemctl',
      'case "$*" in *"-p ActiveState"*) cat "$FOLDER/units/${!#}" 2>/dev/null || echo inactive ;; esac',
    );
    for (const name of scripts) {
      const text = readFileSync(join(libexec, name), 'utf8');
      this.executable(
        `libexec/${name}`,
        text.replaceAll(/\/(srv\/gemel|var\/lib|run\/gemel|run\/systemd)/g, `${this.folder}$&`),
      );
    }
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
    return this.record.map((line) => line.replace('systemctl ', '')).filter((line) => !line.startsWith('show '));
  }

  async start(script: string, ...argv: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
    const { code, stdout, stderr } = await this.run(this.path(`libexec/${script}`), argv, this.environment());
    return { code, said: `${stdout}${stderr}` };
  }
}
