import { ApplianceError } from '../sdk/errors.js';
import type { CommandOptions, CommandResult, CommandRunner } from '../sdk/system.js';
import { FaultPlan } from './fault-plan.js';

/** A text is what the program prints while it exits with 0. */
export type ScriptedResult =
  | string
  | Partial<CommandResult>
  | Error
  | ((argv: readonly string[], options: CommandOptions) => string | Partial<CommandResult> | Promise<string>);

interface Script {
  readonly argv: readonly (string | RegExp)[];
  readonly result: ScriptedResult;
  readonly once: boolean;
}

export interface ScriptedRun {
  readonly argv: readonly string[];
  readonly input: string | undefined;
}

/** Programs that answer as the test says. A program nobody scripted fails the run, and `verify` fails the test. */
export class ScriptedCommands implements CommandRunner {
  readonly runs: ScriptedRun[] = [];
  readonly #scripts: Script[] = [];
  readonly #unscripted: string[] = [];
  readonly #faults: FaultPlan;
  #others: CommandRunner | undefined;

  constructor(faults = new FaultPlan()) {
    this.#faults = faults;
  }

  /** Answers each run of exactly this argv; a RegExp stands for one argument. The latest script that fits wins. */
  always(argv: readonly (string | RegExp)[], result: ScriptedResult = ''): this {
    this.#scripts.push({ argv, result, once: false });
    return this;
  }

  /** Answers one run; several for the same argv answer in the order they were added, before any `always`. */
  once(argv: readonly (string | RegExp)[], result: ScriptedResult = ''): this {
    this.#scripts.push({ argv, result, once: true });
    return this;
  }

  /** The program is not installed. */
  missing(program: string): this {
    this.#scripts.push({
      argv: [program],
      result: new ApplianceError('unavailable', `${program} is not installed.`),
      once: false,
    });
    return this;
  }

  /** Every program that nobody scripted goes to this runner. */
  otherwise(others: CommandRunner): this {
    this.#others = others;
    return this;
  }

  async run(argv: readonly [string, ...string[]], options: CommandOptions = {}): Promise<CommandResult> {
    const line = argv.join(' ');
    const usual = () => new ApplianceError('engine-failed', `${argv[0]} was killed by signal SIGKILL.`);
    this.#faults.step('command', `run ${line}`, usual);
    if (options.signal?.aborted) throw new ApplianceError('cancelled', `${argv[0]} was cancelled.`);
    this.runs.push({ argv, input: options.input });
    const script = this.#take(argv);
    if (script === undefined && this.#others !== undefined) return this.#others.run(argv, options);
    if (script === undefined) {
      this.#unscripted.push(line);
      throw new Error(`no script for: ${line}\nscripted are:\n${this.#scripts.map(describe).join('\n')}`);
    }
    const result = typeof script.result === 'function' ? await script.result(argv, options) : script.result;
    this.#faults.assertAlive();
    if (result instanceof Error) throw result;
    const given = typeof result === 'string' ? { stdout: result } : result;
    const { exitCode = 0, stdout = '', stderr = '' } = given;
    options.onOutput?.(Buffer.from(stdout));
    return { exitCode, stdout: options.onOutput === undefined ? stdout : '', stderr };
  }

  /** @throws Error when a program ran that nobody scripted, or a `once` was never used. */
  verify(): void {
    const unused = this.#scripts.filter((script) => script.once).map(describe);
    const complaints = [
      ...this.#unscripted.map((line) => `ran without a script: ${line}`),
      ...unused.map((line) => `was expected and did not run: ${line}`),
    ];
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
  }

  #take(argv: readonly string[]): Script | undefined {
    const once = this.#scripts.findIndex((script) => script.once && fits(script, argv));
    if (once !== -1) return this.#scripts.splice(once, 1)[0];
    return this.#scripts.findLast((script) => fits(script, argv));
  }
}

function fits(script: Script, argv: readonly string[]): boolean {
  if (script.result instanceof ApplianceError && script.result.code === 'unavailable' && script.argv.length === 1) {
    return script.argv[0] === argv[0];
  }
  return (
    script.argv.length === argv.length &&
    script.argv.every((part, index) => (typeof part === 'string' ? part === argv[index] : part.test(argv[index] ?? '')))
  );
}

function describe(script: Script): string {
  return `  ${script.argv.join(' ')}`;
}
