/** An open file of the caller. */
export interface LocalFile extends AsyncDisposable {
  /** `changedAt` is opaque: another one means that somebody wrote to it. */
  look(): Promise<{ readonly kind: 'file' | 'folder' | 'other'; readonly bytes: number; readonly changedAt: number }>;
  /** What comes next, at most so many bytes; nothing at the end. Good until the next call. */
  read(most: number): Promise<Uint8Array>;
}

/** The world of one run of `gemel`, so that tests can be that world. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Standard output; after its reader has gone, writing does nothing. */
  out(text: string | Uint8Array): void;
  /** Standard error: what is not the result. */
  note(text: string): void;
  /** Columns when standard output is a terminal. */
  readonly columns: number | undefined;
  /** Standard error is a terminal: progress can be drawn there. */
  readonly notesOnTerminal: boolean;
  /** Somebody can answer questions. */
  readonly interactive: boolean;
  readonly unicode: boolean;
  /** For standard output. */
  readonly colours: boolean;
  /** All of standard input. */
  readInput(): Promise<string>;
  /** The text of a file. @throws Error with the system's message. */
  readFile(path: string): Promise<string>;
  /** Opens a file to read it in pieces. @throws Error with the system's message. */
  openFile(path: string): Promise<LocalFile>;
  /** Asks on the terminal; `echo` false for secrets. Undefined when the person pressed Ctrl-C or Ctrl-D. */
  ask(question: string, echo: boolean): Promise<string | undefined>;
  /** Calls back on Ctrl-C until disposed; without it Ctrl-C ends the program. */
  onInterrupt(listener: () => void): Disposable;
}
