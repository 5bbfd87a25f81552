import { z } from 'zod';
import { issueText } from '../kernel/issue-text.js';
import { ApplianceError } from '../sdk/index.js';
import { isRange } from './core-range.js';

const id = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits and "-", at most 32');
const dotted = z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'must be lower-case words joined by dots');
const absolute = z.string().regex(/^\/(?!.*\/\.\.?(\/|$))/, 'must be an absolute path without "." and ".."');

/** What a plugin may touch on the host; anything else is refused with the name of the missing line. */
export const grantsSchema = z
  .strictObject({
    commands: z.array(z.string().regex(/^[A-Za-z0-9._+-]+$/, 'must be a program name without a path')).default([]),
    files: z.array(absolute).default([]),
    units: z.array(z.string().min(1)).default([]),
    dbus: z.array(z.string().min(1)).default([]),
  })
  .prefault({});

export type Grants = z.output<typeof grantsSchema>;

/** The `"gemel"` block of a plugin's package.json: read without running any of the plugin's code. */
export const manifestSchema = z.strictObject({
  id,
  title: z.string().min(1).max(80),
  /** Range of core versions it works with. */
  core: z.string().refine(isRange, 'must be a semantic version range'),
  isolation: z.enum(['in-process']).default('in-process'),
  /** Module whose default export is the plugin, relative to the package. */
  entry: z.string().regex(/^\.\/(?!.*\.\.)[\w./-]+\.js$/, 'must be a relative path such as ./dist/plugin.js'),
  requires: z.array(id).default([]),
  optional: z.array(id).default([]),
  provides: z.array(dotted).default([]),
  sections: z.array(id).default([]),
  publishes: z.array(dotted).default([]),
  subscribes: z.array(dotted).default([]),
  actions: z.array(dotted).default([]),
  status: z.array(dotted).default([]),
  units: z.array(z.string()).default([]),
  /** True for a plugin the appliance cannot be reached without: it can be reloaded but not disabled. */
  essential: z.boolean().default(false),
  grants: grantsSchema,
});

export type Manifest = z.output<typeof manifestSchema>;

export interface PluginPackage {
  readonly manifest: Manifest;
  readonly version: string;
  /** Absolute folder of the package. */
  readonly folder: string;
  /** `built-in` comes with the firmware; `extra` was added by the operator. */
  readonly origin: 'built-in' | 'extra';
}

/** @throws ApplianceError `invalid` naming file, field, reason and remedy. */
export function parsePluginPackage(text: string, folder: string, origin: PluginPackage['origin']): PluginPackage {
  const file = `${folder}/package.json`;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ApplianceError('invalid', `${file} is not JSON. Repair or remove the plugin's folder.`, { cause });
  }
  const parsed = z.object({ version: z.string(), gemel: manifestSchema }).safeParse(json, { error: issueText });
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new ApplianceError('invalid', `${file} does not describe a plugin: ${problems}. Correct these fields.`);
  }
  return { manifest: parsed.data.gemel, version: parsed.data.version, folder, origin };
}
