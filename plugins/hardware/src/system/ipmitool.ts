import { ApplianceError, asApplianceError, type CommandRunner, type FileStore } from '@gemel/core/sdk';

/** A controller that answers does so in a few seconds; one that is silent is not waited for longer. */
const limitMs = 25_000;

/** What the shell of ipmitool says before each command. */
const prompt = /^ipmitool>/;

/** What became of a question to the controller. */
export type Answer = { readonly kind: 'answered'; readonly text: string } | NoAnswer;

export type NoAnswer =
  /** There is none, as in virtual appliances. */
  { readonly kind: 'absent' } | { readonly kind: 'silent'; readonly reason: string };

/** The management controller, asked by ipmitool over the kernel's driver. */
export class Ipmitool {
  readonly #commands: CommandRunner;
  readonly #files: FileStore;
  /** One at a time: the controller answers one, and several at once would all be slow. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(commands: CommandRunner, files: FileStore) {
    this.#commands = commands;
    this.#files = files;
  }

  async isPresent(): Promise<boolean> {
    return (await this.#files.list('/sys/class/ipmi')).length > 0;
  }

  /** @param lines Commands of ipmitool, by way of its standard input: some carry a password, and an argument would show in the journal. */
  async run(lines: readonly string[], signal?: AbortSignal): Promise<Answer> {
    return await this.#ask(['shell'], `${lines.join('\n')}\nexit\n`, signal);
  }

  /** Comma-separated, one sensor a line. */
  async sensors(signal?: AbortSignal): Promise<Answer> {
    return await this.#ask(['-c', 'sdr', 'list'], undefined, signal);
  }

  async #ask(argv: readonly string[], input: string | undefined, signal: AbortSignal | undefined): Promise<Answer> {
    if (!(await this.isPresent())) return { kind: 'absent' };
    const waiting = this.#last.then(() => this.#askNow(argv, input, signal));
    this.#last = waiting.catch(() => undefined);
    return await waiting;
  }

  async #askNow(argv: readonly string[], input: string | undefined, signal: AbortSignal | undefined): Promise<Answer> {
    const options = { timeoutMs: limitMs, ...(signal && { signal }), ...(input !== undefined && { input }) };
    try {
      const { stdout, stderr } = await this.#commands.run(['ipmitool', '-I', 'open', ...argv], options);
      const lines = stdout.split('\n').filter((line) => !prompt.test(line));
      const text = lines.join('\n');
      if (text.trim() !== '') return { kind: 'answered', text };
      return { kind: 'silent', reason: stderr.trim().split('\n', 1)[0] || 'it said nothing' };
    } catch (failure) {
      const { code, message } = asApplianceError(failure);
      if (code === 'unavailable') return { kind: 'absent' };
      if (code === 'timeout') return { kind: 'silent', reason: `no answer within ${limitMs / 1_000} s` };
      if (code === 'engine-failed') return { kind: 'silent', reason: message };
      throw failure;
    }
  }
}

/** For what cannot be done without it. @throws ApplianceError `unavailable`. */
export function mustAnswer(answer: Answer): string {
  if (answer.kind === 'answered') return answer.text;
  throw noAnswer(answer);
}

export function noAnswer(answer: NoAnswer): ApplianceError {
  if (answer.kind === 'absent') return new ApplianceError('unavailable', 'This device has no management controller.');
  return new ApplianceError('unavailable', `The management controller does not answer: ${answer.reason}.`);
}
