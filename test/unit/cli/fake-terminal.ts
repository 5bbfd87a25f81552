import { openFile } from '#core/cli/system/open-file.js';
import type { LocalFile, Terminal } from '#core/cli/terminal.js';

export interface FakeTerminalOptions {
  readonly environment?: Terminal['environment'];
  readonly columns?: number;
  readonly interactive?: boolean;
  readonly notesOnTerminal?: boolean;
  readonly colours?: boolean;
  readonly unicode?: boolean;
  readonly input?: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Default: the real file system. */
  readonly openFile?: Terminal['openFile'];
  /** To questions, in order; undefined is Ctrl-C. */
  readonly answers?: readonly (string | undefined)[];
}

/** A terminal that remembers what it was shown. */
export class FakeTerminal implements Terminal {
  readonly environment: Terminal['environment'];
  readonly columns: number | undefined;
  readonly interactive: boolean;
  readonly notesOnTerminal: boolean;
  readonly unicode: boolean;
  readonly colours: boolean;
  output = '';
  notes = '';
  readonly questions: { readonly question: string; readonly echo: boolean }[] = [];
  readonly #options: FakeTerminalOptions;
  readonly #interrupts = new Set<() => void>();
  #answered = 0;

  constructor(options: FakeTerminalOptions = {}) {
    this.#options = options;
    this.environment = options.environment ?? {};
    this.columns = options.columns;
    this.interactive = options.interactive ?? false;
    this.notesOnTerminal = options.notesOnTerminal ?? false;
    this.unicode = options.unicode ?? true;
    this.colours = options.colours ?? false;
  }

  out(text: string | Uint8Array): void {
    this.output += typeof text === 'string' ? text : Buffer.from(text).toString('latin1');
  }

  note(text: string): void {
    this.notes += text;
  }

  async readInput(): Promise<string> {
    return this.#options.input ?? '';
  }

  async readFile(path: string): Promise<string> {
    const text = this.#options.files?.[path];
    if (text === undefined) throw new Error('no such file');
    return text;
  }

  async openFile(path: string): Promise<LocalFile> {
    return await (this.#options.openFile ?? openFile)(path);
  }

  async ask(question: string, echo: boolean): Promise<string | undefined> {
    this.questions.push({ question, echo });
    return this.#options.answers?.[this.#answered++];
  }

  onInterrupt(listener: () => void): Disposable {
    this.#interrupts.add(listener);
    return { [Symbol.dispose]: () => void this.#interrupts.delete(listener) };
  }

  /** Ctrl-C. */
  interrupt(): void {
    for (const listener of this.#interrupts) listener();
  }

  get interruptible(): boolean {
    return this.#interrupts.size > 0;
  }
}
