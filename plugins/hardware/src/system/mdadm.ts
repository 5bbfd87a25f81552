import { ApplianceError, type CommandRunner } from '@gemel/core/sdk';
import { z } from 'zod';
import type { Content } from '../raid/new-disk.js';

/** Of `wipefs --json`: absent when there is nothing. */
const signatures = z.object({
  signatures: z.array(z.object({ type: z.string(), label: z.string().nullish() })).default([]),
});

/** Orders for the kernel's arrays, by mdadm; and wipefs, which knows what a disk carries. */
export class Mdadm {
  readonly #commands: CommandRunner;

  constructor(commands: CommandRunner) {
    this.#commands = commands;
  }

  async startCheck(array: string, action: 'check' | 'repair'): Promise<void> {
    await this.#must(['mdadm', '--misc', `--action=${action}`, `/dev/${array}`]);
  }

  async stopCheck(array: string): Promise<void> {
    await this.#must(['mdadm', '--misc', '--action=idle', `/dev/${array}`]);
  }

  async fail(array: string, disk: string): Promise<void> {
    await this.#must(['mdadm', '--manage', `/dev/${array}`, '--fail', `/dev/${disk}`]);
  }

  /** @param disk A name, or `detached` for all that are not in the machine any more. */
  async remove(array: string, disk: string): Promise<void> {
    await this.#must(['mdadm', '--manage', `/dev/${array}`, '--remove', disk === 'detached' ? disk : `/dev/${disk}`]);
  }

  async add(array: string, disk: string): Promise<void> {
    await this.#must(['mdadm', '--manage', `/dev/${array}`, '--add', `/dev/${disk}`]);
  }

  /** Copies `disk` to the spare `by` before it leaves the array, which stays whole meanwhile. */
  async replace(array: string, disk: string, by: string): Promise<void> {
    await this.#must(['mdadm', '--manage', `/dev/${array}`, '--replace', `/dev/${disk}`, '--with', `/dev/${by}`]);
  }

  /** Takes an array apart that nobody uses; its disks keep what they carry. */
  async stop(array: string): Promise<void> {
    await this.#must(['mdadm', '--stop', `/dev/${array}`]);
  }

  async contents(disk: string): Promise<readonly Content[]> {
    const text = await this.#must(['wipefs', '--no-act', '--json', `/dev/${disk}`]);
    if (text.trim() === '') return [];
    return signatures.parse(JSON.parse(text)).signatures.map(({ type, label }) => ({ type, label: label ?? '' }));
  }

  async clear(disk: string): Promise<void> {
    await this.#must(['wipefs', '--all', '--quiet', `/dev/${disk}`]);
  }

  /** Whether the disk was a part of this very array. */
  async belongsTo(disk: string, array: string): Promise<boolean> {
    const { exitCode, stdout } = await this.#commands.run(['mdadm', '--examine', '--export', `/dev/${disk}`]);
    const own = /^MD_UUID=(.+)$/m.exec(stdout)?.[1];
    if (exitCode !== 0 || own === undefined) return false;
    const detail = await this.#must(['mdadm', '--detail', '--export', `/dev/${array}`]);
    return /^MD_UUID=(.+)$/m.exec(detail)?.[1] === own;
  }

  async #must(argv: readonly [string, ...string[]]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#commands.run(argv, { timeoutMs: 30_000 });
    if (exitCode === 0) return stdout;
    const said = `${stderr}${stdout}`.trim().replaceAll('\n', '; ');
    throw new ApplianceError('engine-failed', `${argv.join(' ')} ended with ${exitCode}: ${said}`);
  }
}
