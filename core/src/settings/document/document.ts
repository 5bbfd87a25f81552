import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Scope } from '../../sdk/index.js';

/** A section as it is kept. Immutable, and shared by all documents in which it is the same. */
export interface StoredSection {
  readonly version: number;
  readonly scope: Scope;
  readonly settings: unknown;
}

export type SettingsDocument = ReadonlyMap<string, StoredSection>;

export const sectionId = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);
export const scopeSchema = z.enum(['cluster', 'node', 'hardware']);

export const storedSectionSchema = z.object({
  version: z.number().int().positive(),
  scope: scopeSchema,
  settings: z.unknown(),
});

const documentSchema = z.object({ format: z.literal(1), sections: z.record(sectionId, storedSectionSchema) });

export function documentText(document: SettingsDocument): string {
  return jsonText({ format: 1, sections: Object.fromEntries(document) });
}

/** @throws when the text is not a settings document. */
export function parseDocument(text: string): SettingsDocument {
  return new Map(Object.entries(documentSchema.parse(JSON.parse(text)).sections));
}

/** Whatever is kept on disk looks like this: read by people in an emergency, compared by tools. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}

/** Tells two nodes whether theirs is the same: SHA-256, hexadecimal. */
export function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function withSection(document: SettingsDocument, id: string, section: StoredSection): SettingsDocument {
  return new Map(document).set(id, section);
}

export function withoutSection(document: SettingsDocument, id: string): SettingsDocument {
  return new Map([...document].filter(([each]) => each !== id));
}
