import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { killOwned, type OwnedProcess, startDetached } from '../lab/owned-process.ts';

/** corosync-qnetd on the box of the lab's client, which both nodes reach over the external network. */
export class WitnessBox implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #folder: string;
  #process: OwnedProcess | undefined;

  constructor(lab: Lab, folder: string) {
    this.#lab = lab;
    this.#folder = folder;
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const at = (name: string) => join(this.#folder, name);
    const settings = [`lock_file=${at('pid')}`, `local_socket_file=${at('socket')}`];
    const qnetd = ['corosync-qnetd', '-f', '-s', 'off', ...settings.flatMap((setting) => ['-S', setting])];
    this.#process = await startDetached([...this.#lab.clientCommand(), ...qnetd], at('log'));
  }

  async stop(): Promise<void> {
    await killOwned(this.#process);
    this.#process = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
