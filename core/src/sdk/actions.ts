import type { z } from 'zod';
import type { View } from './view.js';

/** Each role may do what the ones before it may. */
export const roles = ['viewer', 'operator', 'administrator'] as const;
export type Role = (typeof roles)[number];

/** Who asks, established by the socket, session or token; never by an id inside a message. */
export interface Caller {
  /** `local:root`, `local:jane`, `user:jane`, `token:backup`, `plugin:example`, `core`. */
  readonly name: string;
  readonly role: Role;
  /** The surface: which door it came through. */
  readonly surface: 'cli' | 'console' | 'http' | 'peer' | 'plugin' | 'core';
  /** Monotonic milliseconds at which the caller's connection was opened; see the confirm rule of the settings engine. */
  readonly connectedAt: number;
  /** Where a connection over the network came from and arrived, so that a change that would cut it can be seen coming. */
  readonly remote?: { readonly address: string; readonly localAddress: string };
}

export interface ActionCall {
  readonly caller: Caller;
  /** Aborted when the caller cancels, a time limit passes or the plugin ends. */
  readonly signal: AbortSignal;
}

export interface JobCall extends ActionCall {
  readonly jobId: string;
  /** @param fraction 0 to 1, or undefined when unknown. */
  progress(fraction: number | undefined, message: string): void;
  /** A line for the job's log, which is kept. */
  log(line: string): void;
  /** What `resume` gets back after a restart of core; on disk before the promise resolves. */
  save(state: unknown): Promise<void>;
}

interface ActionBase<Input, Output> {
  /** Dotted: `network.bond.create`; the CLI's words are the same. */
  readonly id: string;
  readonly summary: string;
  readonly role: Role;
  /** An object schema. Property descriptions become help texts, labels and reference documentation. */
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  /** Input properties that the CLI takes by position, in order; the last may be an array. All others are options. */
  readonly positionals?: readonly string[];
  /** A question put to a person before it runs (`{name}` places are input properties); programs pass `yes`. */
  readonly confirmation?: string;
  /** False for reads: not written to the audit log. Default true. */
  readonly audited?: boolean;
  present(output: Output): View;
}

export interface CallAction<Input, Output> extends ActionBase<Input, Output> {
  readonly kind: 'call';
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /**
   * Asked before the action is recorded and run: what it throws refuses it, without a record. For what strangers can ask for as often
   * as they like, which would push everybody's records out of the audit log.
   */
  admit?(input: Input, call: ActionCall): void;
  run(input: Input, call: ActionCall): Promise<Output>;
}

/** A request that takes time: returns at once with a job that can be watched, left and found again. */
export interface JobAction<Input, Output> extends ActionBase<Input, Output> {
  readonly kind: 'job';
  run(input: Input, call: JobCall): Promise<Output>;
  /** Goes on after a restart of core. Without it such a job ends as `interrupted`. */
  resume?(input: Input, call: JobCall, saved: unknown): Promise<Output>;
}

/** A part of what a stream gives: text, or bytes that need not be text. Of at most 256 KiB, so that others get a turn. */
export type StreamPiece = string | Uint8Array;

/**
 * A request whose answer is long or has no end, such as a log that is followed or downloaded. Its client gets the pieces as
 * they come; the next one is asked for when the client has room for it. When the client goes or cancels, `signal` is aborted and
 * the iteration ended. There is no time limit. `output` and `present` are of one piece.
 */
export interface StreamAction<Input, Output> extends ActionBase<Input, Output> {
  readonly kind: 'stream';
  run(input: Input, call: ActionCall): AsyncIterable<StreamPiece>;
}

export type Action<Input, Output> = CallAction<Input, Output> | JobAction<Input, Output> | StreamAction<Input, Output>;

/** An action whose input and output types were checked where it was defined; `run` is only given what its schema parsed. */
export type AnyAction = Action<unknown, unknown>;

/** Checks an action's types and erases them, so that actions can be listed together. */
export function defineAction<Input, Output>(action: Action<Input, Output>): AnyAction {
  return action as unknown as AnyAction; // sound because callers parse with action.input before run()
}

export interface ActionsAccess {
  add(action: AnyAction): Disposable;
  /**
   * Adds actions when somebody first asks for one, so that their modules cost the start of core nothing. What `load` gives is
   * checked then as with `add`; when it fails, the log says so and the plugin has no actions.
   */
  addLater(load: () => Promise<readonly AnyAction[]>): Disposable;
}
