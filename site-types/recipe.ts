import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError } from '../firmware/run-command.ts';

/** `site-types/<type>/recipe.json`: how an image of the type is made of Debian's packages, and what its version.json says. */
export interface Recipe {
  /** Version as asked for on the command line, without what Debian counts; which release of Debian has it. */
  readonly suites: Readonly<Record<string, string>>;
  readonly packages: readonly string[];
  /** What goes from the packages into the image, following links. Without it everything but `drop`. */
  readonly keep?: readonly string[];
  /** Left out while unpacking, as patterns of dpkg. */
  readonly drop?: readonly string[];
  /** Unpacked all the same. */
  readonly include?: readonly string[];
  /** Programs of busybox that the hooks call. */
  readonly applets?: readonly string[];
  /** Prints the true version, run inside the image; the first group of `versionPattern` is it. */
  readonly versionCommand: readonly string[];
  readonly versionPattern: string;
  /** All of version.json but version and image. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

export async function readRecipe(type: string): Promise<Recipe> {
  const file = join(import.meta.dirname, type, 'recipe.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) throw new ToolError(`there is no recipe for ${type}: ${file} is missing`);
  return JSON.parse(text) as Recipe; // our own file, written as the type says
}

export function suiteOf(recipe: Recipe, type: string, version: string): string {
  const suite = recipe.suites[version];
  if (suite !== undefined) return suite;
  throw new ToolError(`${type} can be built in ${Object.keys(recipe.suites).join(' and ')}, not in ${version}`);
}
