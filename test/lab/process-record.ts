import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { isAlive, type OwnedProcess } from './owned-process.ts';

/** The processes of a machine, in a file: the next one may be started by another command, or by the machine's management controller. */
export class ProcessRecord<Name extends string> {
  readonly #path: string;
  readonly #machine: Name;
  #known: Readonly<Record<Name, OwnedProcess>> | undefined;

  /** @param machine which of them is the machine itself. */
  constructor(path: string, machine: Name) {
    this.#path = path;
    this.#machine = machine;
  }

  /** Those of the machine that runs, or ran last; undefined when none ever did. */
  get current(): Readonly<Record<Name, OwnedProcess>> | undefined {
    if (!isAlive(this.#known?.[this.#machine])) this.#known = this.#read();
    return this.#known;
  }

  get isOn(): boolean {
    return isAlive(this.current?.[this.#machine]);
  }

  async write(processes: Readonly<Record<Name, OwnedProcess>>): Promise<void> {
    const temporary = `${this.#path}.part`;
    await writeFile(temporary, JSON.stringify(processes));
    await rename(temporary, this.#path);
    this.#known = processes;
  }

  #read(): Readonly<Record<Name, OwnedProcess>> | undefined {
    try {
      // as write() wrote it
      return JSON.parse(readFileSync(this.#path, 'utf8')) as Record<Name, OwnedProcess>;
    } catch {
      return undefined;
    }
  }
}
