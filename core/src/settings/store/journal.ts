import { z } from 'zod';
import type { Report } from '../../sdk/index.js';
import { jsonText } from '../document/document.js';
import { origins } from './revision.js';
import type { SettingsFiles } from './settings-files.js';

/** The steps of an activation that are on disk; a draft that is being edited has none. */
export const activationStates = [
  'verified',
  'applying',
  'awaiting-confirmation',
  'confirmed',
  'rolling-back',
  'rolled-back',
  'stuck',
] as const;

export const reportSchema: z.ZodType<Report> = z.object({
  code: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  path: z.string(),
  text: z.string(),
  forceCode: z.string().exactOptional(),
});

export const journalSchema = z.lazy(() =>
  z.object({
    format: z.literal(1),
    state: z.enum(activationStates),
    revision: z.number().int().positive(),
    /** What a rollback goes back to. */
    parent: z.number().int().positive(),
    origin: z.enum(origins),
    author: z.string(),
    surface: z.string(),
    comment: z.string(),
    /** Wall clock, milliseconds since 1970: for people. */
    at: z.number(),
    bootId: z.string(),
    /** Monotonic milliseconds of that boot until which the present state may last; null when it has no end. */
    deadline: z.number().nullable(),
    /** Monotonic milliseconds at which apply had finished; null before. */
    appliedAt: z.number().nullable(),
    windowSeconds: z.number(),
    sections: z.array(z.string()),
    /** Those of them that are taken away while not loaded: only their files change. */
    removed: z.array(z.string()).default([]),
    /** Why it is being, or was, rolled back. */
    reports: z.array(reportSchema),
  }),
);
export type Journal = z.infer<typeof journalSchema>;

const name = 'activation.json';

/** The one file that says where an activation stands. It is written before each step, so whoever comes next knows. */
export class JournalFile {
  constructor(readonly files: SettingsFiles) {}

  read(): Promise<Journal | undefined> {
    return this.files.read(name, (text) => journalSchema.parse(JSON.parse(text)));
  }

  write(journal: Journal): Promise<void> {
    return this.files.write(name, jsonText(journal));
  }

  remove(): Promise<void> {
    return this.files.remove(name);
  }
}

/**
 * True while something unconfirmed may be in force. The confirmed link decides, not the journal: once it points to the
 * revision the confirmation holds, also when its record could not be written any more.
 */
export function isPending(journal: Journal | undefined, confirmed: number | undefined): journal is Journal {
  if (journal === undefined) return false;
  switch (journal.state) {
    case 'applying':
    case 'awaiting-confirmation':
      return confirmed !== journal.revision;
    case 'rolling-back':
    case 'stuck':
      return true;
    case 'verified':
    case 'confirmed':
    case 'rolled-back':
      return false;
  }
}

/**
 * How long before the end of the window the guard's process is started, milliseconds: it waits with its code loaded. A cold
 * start takes 0.3 s on a rack machine and was seen to take 24 s on an emulated one, which the operator would wait in vain.
 */
export const guardLeadMs = 40_000;

export function guardName(revision: number, phase: 'apply' | 'confirm'): string {
  return `gemel-guard-${revision}-${phase}.timer`;
}

export function rollbackUnit(revision: number): string {
  return `gemel-rollback@${revision}.service`;
}
