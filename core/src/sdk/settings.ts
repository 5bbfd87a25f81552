import type { z } from 'zod';
import type { Caller } from './actions.js';
import type { Report } from './reports.js';

/**
 * `cluster`: the same on both nodes, editable only on the active one. `node`: this device only.
 * `hardware`: belongs to the machine and survives a factory reset.
 */
export type Scope = 'cluster' | 'node' | 'hardware';

/** A file that a section owns. Volatile files (below /run) are restored at boot from the confirmed revision. */
export interface RenderedFile {
  /** Absolute, and granted by the manifest's `grants.files`; others are not written, and the section is not applied. */
  readonly path: string;
  readonly content: string;
  readonly mode?: number;
  readonly group?: string;
}

/** A value that an engine keeps itself and is told by call, not by file. */
export interface EngineProperty {
  /** `systemd-hostnamed` */
  readonly engine: string;
  /** `StaticHostname` */
  readonly name: string;
  readonly value: string;
}

/** The whole of what a section wants to exist; what it owned before and does not name is removed. */
export interface Rendering {
  readonly files: readonly RenderedFile[];
  readonly properties: readonly EngineProperty[];
}

export interface FileChange {
  readonly path: string;
  readonly kind: 'create' | 'change' | 'delete';
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What a service's users will notice while a change is applied. */
export interface Interruption {
  /** `bond0`, `chrony`, `management connection`. */
  readonly subject: string;
  readonly kind: 'none' | 'reload' | 'short' | 'lost';
  /** Expected length, milliseconds; null when it does not end by itself. */
  readonly expectedMs: number | null;
  readonly text: string;
}

/** Reads other sections' settings of the same document, through their plugins' contracts. */
export interface DocumentReader {
  /** Undefined when no such section is registered. */
  section<Settings>(section: SectionReference<Settings>): Settings | undefined;
}

/** What a contract exports so that others can read a section without its behaviour. */
export interface SectionReference<Settings> {
  readonly id: string;
  /** Carries the type only; never present at run time. */
  readonly settings?: Settings;
}

export interface VerifyInput<Settings, Facts> {
  readonly settings: Settings;
  /** What is confirmed now, before the change. */
  readonly confirmed: Settings;
  readonly facts: Facts;
  readonly document: DocumentReader;
  /** Who asks; undefined at boot and on rollback. */
  readonly caller: Caller | undefined;
}

export interface RenderInput<Settings, Facts> {
  readonly settings: Settings;
  readonly facts: Facts;
  readonly document: DocumentReader;
}

export interface PlanInput<Settings, Facts> extends VerifyInput<Settings, Facts> {
  readonly rendering: Rendering;
  readonly changes: readonly FileChange[];
}

export interface SectionPlan {
  /** Units that are reloaded or restarted. */
  readonly units: readonly string[];
  readonly interruptions: readonly Interruption[];
}

export interface ApplyInput<Settings, Facts> extends RenderInput<Settings, Facts> {
  readonly rendering: Rendering;
  /** What was written for this apply; empty when every file was already there, which does not mean that the engine knows it. */
  readonly changes: readonly FileChange[];
  readonly reason: 'activate' | 'rollback' | 'boot';
}

/**
 * One section of the settings document with its behaviour. `verify`, `render` and `plan` are pure: all they know of the
 * live system is `facts`. `apply` is idempotent and brings the engine from any state to the rendering, also from a half-way one.
 */
export interface Section<Settings, Facts> extends SectionReference<Settings> {
  readonly title: string;
  readonly scope: Scope;
  /** Counts up; a stored section with an older version goes through `migrations`. */
  readonly version: number;
  /** Object schema with descriptions and examples. Secrets carry `.meta({ secret: true })`: write-only, never exported in clear. */
  readonly schema: z.ZodType<Settings>;
  /** Settings of a device fresh from the factory. Pure: facts about the machine come in. */
  defaults(facts: Facts): Settings;
  /** Key n takes a section of version n to n + 1. Pure. */
  readonly migrations?: Readonly<Record<number, (older: unknown) => unknown>>;
  /** Window in which an operator must confirm, seconds; 0 when the section cannot cut anyone off. Default 0. */
  readonly confirmSeconds?: number;
  /** Order of applying, lower first. Default 100. */
  readonly order?: number;
  readFacts(signal: AbortSignal): Promise<Facts>;
  verify(input: VerifyInput<Settings, Facts>): readonly Report[];
  render(input: RenderInput<Settings, Facts>): Rendering;
  plan(input: PlanInput<Settings, Facts>): SectionPlan;
  /** The files are already in place. Limited to 60 s. */
  apply(input: ApplyInput<Settings, Facts>, signal: AbortSignal): Promise<void>;
  /** Looks at the result over the new path. An `error` report rolls back at once, unless its force code was given. Limited to 30 s. */
  probe(input: ApplyInput<Settings, Facts>, signal: AbortSignal): Promise<readonly Report[]>;
}

export interface SettingsAccess {
  add<Settings, Facts>(section: Section<Settings, Facts>): void;
  /** What is in force and confirmed. */
  confirmed<Settings>(section: SectionReference<Settings>): Settings;
  /** What the engines were last told: differs from confirmed while an activation awaits confirmation. */
  running<Settings>(section: SectionReference<Settings>): Settings;
  /** The draft with everybody's pending changes, or the confirmed settings when there is no draft. */
  draft<Settings>(section: SectionReference<Settings>): Promise<Settings>;
  /**
   * Changes the draft. The result must fit the schema.
   * @returns reports of a verification of the whole draft, for the person who made the change.
   * @throws ApplianceError `invalid` when it does not fit, `conflict` while an activation is under way.
   */
  edit<Settings>(
    section: SectionReference<Settings>,
    caller: Caller,
    change: (settings: Settings) => Settings,
  ): Promise<readonly Report[]>;
  /** Fires after every apply (activation, rollback, boot) with the settings that are now running. */
  onApplied<Settings>(section: SectionReference<Settings>, listener: (running: Settings) => void): Disposable;
}
