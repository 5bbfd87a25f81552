import { z } from 'zod';
import type { SettingsDocument } from '../document/document.js';

/** Where a revision came from. Only `draft` takes the pending changes with it when it is confirmed. */
export const origins = ['draft', 'file', 'rollback', 'defaults', 'factory-reset', 'other-node'] as const;
export type Origin = (typeof origins)[number];

export const revisionMetaSchema = z.object({
  number: z.number().int().positive(),
  /** The revision that was confirmed when this one was made; null for the first. */
  parent: z.number().int().positive().nullable(),
  origin: z.enum(origins),
  author: z.string(),
  surface: z.string(),
  /** Wall clock, milliseconds since 1970. */
  at: z.number(),
  comment: z.string(),
  /** CRC-32 of document.json, hexadecimal. */
  checksum: z.string(),
});
export type RevisionMeta = z.infer<typeof revisionMetaSchema>;

export interface Revision {
  readonly meta: RevisionMeta;
  readonly document: SettingsDocument;
}

export const outcomeSchema = z.object({
  state: z.enum(['confirmed', 'rolled-back']),
  at: z.number(),
  by: z.string(),
  reason: z.string(),
});
/** How a revision's activation ended. Kept beside the revision, which itself never changes. */
export type Outcome = z.infer<typeof outcomeSchema>;
