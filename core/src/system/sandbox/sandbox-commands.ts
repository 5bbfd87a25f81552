import { ApplianceError } from '../../sdk/errors.js';
import type { CommandOptions, CommandResult, CommandRunner, FileStore } from '../../sdk/system.js';
import type { SandboxLinks } from './sandbox-links.js';

/** Engines' own checkers: they read what they are given and change nothing. Run where they are installed. */
const checkers: readonly (readonly string[])[] = [
  ['chronyd', '-p'],
  ['systemd-analyze', 'verify'],
  ['sshd', '-t'],
];

export interface SandboxCommandsParts {
  readonly runner: CommandRunner;
  readonly files: FileStore;
  readonly links: SandboxLinks;
  /** Where a path of the appliance really is on this machine. */
  locate(path: string): string;
}

/** Answers for `ip` and `networkctl` from the model, runs checkers, and refuses every other program: deny is the default. */
export class SandboxCommands implements CommandRunner {
  readonly #parts: SandboxCommandsParts;

  constructor(parts: SandboxCommandsParts) {
    this.#parts = parts;
  }

  async run(argv: readonly [string, ...string[]], options?: CommandOptions): Promise<CommandResult> {
    const [program, ...rest] = argv;
    if (program === 'ip') return rest.includes('-batch') ? this.#batch(rest, options?.input ?? '') : this.#ip(rest);
    if (program === 'networkctl' && rest.at(-1) === 'reload') {
      await this.#parts.links.reload(this.#parts.files);
      return done('');
    }
    if (checkers.some((checker) => checker.every((word, index) => word === argv[index]))) {
      return this.#parts.runner.run([program, ...rest.map((word) => this.#located(word))], options);
    }
    throw notRun(argv);
  }

  /** Each line by itself; with -force one that fails does not stop the others. */
  #batch(words: readonly string[], input: string): CommandResult {
    const lines = input.split('\n').filter((line) => line.trim() !== '');
    const failures: string[] = [];
    for (const [index, line] of lines.entries()) {
      const { exitCode, stderr } = this.#ip(line.trim().split(/\s+/));
      if (exitCode === 0) continue;
      failures.push(`${stderr}Command failed -:${index + 1}\n`);
      if (!words.includes('-force')) break;
    }
    return { exitCode: failures.length > 0 ? 1 : 0, stdout: '', stderr: failures.join('') };
  }

  #ip(words: readonly string[]): CommandResult {
    const [object = '', verb = 'show', ...rest] = words.filter((word) => !word.startsWith('-'));
    const json = words.includes('-json') || words.includes('-j');
    if (json && verb === 'show' && /^(a|addr|address|l|link)$/.test(object))
      return done(this.#parts.links.addressShow());
    if (json && verb === 'show') return done('[]');
    if (object === 'link' && (verb === 'delete' || verb === 'del')) {
      const name = rest.at(-1) ?? '';
      if (this.#parts.links.delete(name)) return done('');
      return { exitCode: 1, stdout: '', stderr: `Cannot find device "${name}"\n` };
    }
    const [, name = '', , , option = '', value = ''] = rest;
    if (object === 'link' && verb === 'set' && rest.includes('bond')) {
      if (this.#parts.links.setBondOption(name, option, value)) return done('');
      return { exitCode: 1, stdout: '', stderr: `Cannot find device "${name}"\n` };
    }
    // the model's links have the addresses of their files and no others
    if (object === 'address' && verb === 'delete') return done('');
    throw notRun(['ip', ...words]);
  }

  #located(word: string): string {
    return word.startsWith('/') ? this.#parts.locate(word) : word;
  }
}

function done(stdout: string): CommandResult {
  return { exitCode: 0, stdout, stderr: '' };
}

function notRun(argv: readonly string[]): ApplianceError {
  return new ApplianceError(
    'unavailable',
    `${argv.join(' ')} is not run on the sandbox host. Use an appliance for it.`,
  );
}
