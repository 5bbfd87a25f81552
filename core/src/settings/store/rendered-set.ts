import { z } from 'zod';
import type { EngineProperty, RenderedFile, Rendering } from '../../sdk/index.js';

/** A section's rendering as a revision keeps it, with the units that must look at it again when it is put back by hand. */
export interface StoredRendering extends Rendering {
  readonly units: readonly string[];
}

/** By section id. Holds also what sections that are not loaded had rendered, so that boot restores it. */
export type RenderedSet = ReadonlyMap<string, StoredRendering>;

const fileSchema = z.object({
  path: z.string(),
  content: z.string(),
  mode: z.number().int().optional(),
  group: z.string().optional(),
});

const renderedSchema = z.record(
  z.string(),
  z.object({
    files: z.array(fileSchema),
    properties: z.array(z.object({ engine: z.string(), name: z.string(), value: z.string() })),
    units: z.array(z.string()),
  }),
);

export function renderedText(set: RenderedSet): string {
  return `${JSON.stringify(Object.fromEntries(set))}\n`;
}

/** @throws when the text is not a rendered set. */
export function parseRendered(text: string): RenderedSet {
  const parsed = renderedSchema.parse(JSON.parse(text));
  return new Map(
    Object.entries(parsed).map(([id, { files, properties, units }]) => [
      id,
      { files: files.map(tidy), properties, units },
    ]),
  );
}

export function allFiles(set: RenderedSet): readonly RenderedFile[] {
  return [...set.values()].flatMap((rendering) => rendering.files);
}

export function sameRendering(a: Rendering, b: Rendering): boolean {
  return (
    a.files.length === b.files.length &&
    a.properties.length === b.properties.length &&
    a.files.every((file, index) => sameFile(file, b.files[index])) &&
    a.properties.every((property, index) => sameProperty(property, b.properties[index]))
  );
}

function sameFile(a: RenderedFile, b: RenderedFile | undefined): boolean {
  return a.path === b?.path && a.content === b.content && a.mode === b.mode && a.group === b.group;
}

function sameProperty(a: EngineProperty, b: EngineProperty | undefined): boolean {
  return a.engine === b?.engine && a.name === b.name && a.value === b.value;
}

/** Optional properties that are absent, not undefined, as the interface says. */
function tidy(file: z.infer<typeof fileSchema>): RenderedFile {
  const { path, content, mode, group } = file;
  return { path, content, ...(mode === undefined ? {} : { mode }), ...(group === undefined ? {} : { group }) };
}
