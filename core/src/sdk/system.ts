/** The host as behaviour sees it: interfaces only. The appliance, the sandbox and the scripted host implement them. */

export type HostKind = 'appliance' | 'sandbox' | 'scripted';

export interface CommandOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
  readonly input?: string;
  readonly signal?: AbortSignal;
  /** Default 4 MiB each for stdout and stderr; more is an error. */
  readonly maxOutputBytes?: number;
  /** Takes standard output while the program runs, in pieces; `stdout` is empty then. Must not throw. */
  readonly onOutput?: (piece: Uint8Array) => void;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program by argument vector, never through a shell, with a clean environment (`LC_ALL=C.UTF-8`, a fixed PATH). */
export interface CommandRunner {
  /**
   * Resolves for every exit code.
   * @throws ApplianceError `unavailable` when the program is not installed, `timeout`, `cancelled`, `engine-failed` when killed or too talkative.
   */
  run(argv: readonly [string, ...string[]], options?: CommandOptions): Promise<CommandResult>;
}

export interface WriteOptions {
  /** Default 0o644. */
  readonly mode?: number;
  /** Group name that owns the file; default root. systemd-networkd, for one, must be able to read secrets. */
  readonly group?: string;
}

export interface FileStore {
  /** The text, or undefined when there is no such file. @throws ApplianceError `storage` for other failures. */
  read(path: string): Promise<string | undefined>;
  /** Names in a folder, sorted; empty when there is no such folder. */
  list(path: string): Promise<readonly string[]>;
  /** Whole or not at all: temporary file, fsync, rename, fsync of the folder. Makes missing folders. @throws ApplianceError `storage`. */
  write(path: string, content: string, options?: WriteOptions): Promise<void>;
  /** Appends a line and fsyncs it. */
  append(path: string, line: string, options?: WriteOptions): Promise<void>;
  /**
   * Writes over a part of a file from the byte `at` on, and fsyncs it. The file keeps its size, so that this also works on a
   * volume that is full. Not atomic: a power loss may leave a part of it. @throws ApplianceError `storage`, also where the file does
   * not reach as far.
   */
  overwrite(path: string, at: number, text: string): Promise<void>;
  /** Removes a file or a whole folder; absent is fine. Folder entries are fsynced. */
  remove(path: string): Promise<void>;
  /** Renames within one file system, then fsyncs the folder. */
  rename(from: string, to: string): Promise<void>;
  /**
   * Makes `path` a symbolic link to `target` (kept as given, relative to the folder of `path`). A link that is there is
   * replaced in one step: at no moment is there none. Folder fsynced. @throws ApplianceError `storage`.
   */
  link(target: string, path: string): Promise<void>;
  /** The target of a symbolic link, or undefined. */
  readLink(path: string): Promise<string | undefined>;
  /** Calls back (coalesced) when something in the folder changes. */
  watch(path: string, listener: () => void): Disposable;
}

export interface UnitStatus {
  readonly name: string;
  /** `loaded`, `not-found`, `masked`, … as systemd says it. */
  readonly loadState: string;
  readonly activeState: string;
  readonly subState: string;
  readonly mainPid: number | null;
}

export interface TransientTimer {
  /** Unit name of the timer, `gemel-guard-12.timer`. */
  readonly name: string;
  /** The unit it starts. */
  readonly unit: string;
  readonly afterMs: number;
}

/** systemd. Starts, stops and reloads wait for the job to end. @throws ApplianceError `engine-failed` with the unit's result, `timeout`, `unavailable`. */
export interface UnitManager {
  status(unit: string): Promise<UnitStatus>;
  start(unit: string): Promise<void>;
  stop(unit: string): Promise<void>;
  restart(unit: string): Promise<void>;
  reloadOrRestart(unit: string): Promise<void>;
  /** SIGKILL for all its processes. Does not wait until they are gone, as `stop` after it does. */
  kill(unit: string): Promise<void>;
  /** A monotonic one-shot timer owned by systemd, which outlives every Gemel process. */
  startTimer(timer: TransientTimer): Promise<void>;
  /** Absent is fine. */
  stopTimer(name: string): Promise<void>;
}

export type DBusValue =
  | string
  | number
  | boolean
  | bigint
  | readonly DBusValue[]
  | { readonly [key: string]: DBusValue };

export interface DBusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly arguments?: readonly unknown[];
  /** Default 15,000. */
  readonly timeoutMs?: number;
}

export interface DBusSignalMatch {
  /** Well-known name; with it no other process on the bus can send the signal in the service's place. */
  readonly sender?: string;
  readonly path?: string;
  readonly interface: string;
  readonly member: string;
}

/** The system bus. Variants come back unwrapped. @throws ApplianceError `unavailable`, `timeout`, `engine-failed` with the D-Bus error's name and message. */
export interface DBus {
  call(call: DBusCall): Promise<readonly unknown[]>;
  getProperties(destination: string, path: string, interfaceName: string): Promise<Readonly<Record<string, unknown>>>;
  /** Subscribes; goes on by itself after the bus was restarted. */
  onSignal(match: DBusSignalMatch, listener: (body: readonly unknown[], path: string) => void): Disposable;
}

export interface Clock {
  /** Wall clock, milliseconds since 1970; may jump. */
  now(): number;
  /** Milliseconds that never jump; no meaning beyond this boot. */
  monotonic(): number;
  /** Fires once after `ms` of monotonic time. */
  after(ms: number, fire: () => void): Disposable;
  every(ms: number, fire: () => void): Disposable;
  /** @throws ApplianceError `cancelled` when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** All of it, as given to a plugin: limited to what the plugin's grants name. */
export interface SystemAccess {
  readonly kind: HostKind;
  readonly commands: CommandRunner;
  readonly files: FileStore;
  readonly units: UnitManager;
  readonly dbus: DBus;
  readonly clock: Clock;
}
