/** What a field of an action's input takes as a file of the caller; surfaces find it in the field's JSON Schema as `callerFile`. */
export interface CallerFileRule {
  /** Of all that is sent for the field. */
  readonly mostBytes: number;
  /** How its name must end, with the dot. */
  readonly ending?: string;
  /** The file is JSON, and this property of it, dotted, names a second file that lies beside it and goes along. */
  readonly beside?: string;
  /** Folders that core sees as everybody else does: what lies below them is used there, any other file is sent. */
  readonly inPlace: readonly string[];
}

/** What the value of such a field begins with when the file was sent; a path begins with `/`. */
export const uploadPrefix = 'upload:';

/** @param schema JSON Schema of one field. @returns undefined where it takes no file of the caller. */
export function callerFileRule(schema: Readonly<Record<string, unknown>>): CallerFileRule | undefined {
  const rule = schema['callerFile'];
  if (!isRecord(rule) || typeof rule['mostBytes'] !== 'number' || !Array.isArray(rule['inPlace'])) return undefined;
  const { mostBytes, ending, beside, inPlace } = rule;
  return {
    mostBytes,
    ...(typeof ending === 'string' ? { ending } : {}),
    ...(typeof beside === 'string' ? { beside } : {}),
    inPlace: inPlace.filter((folder) => typeof folder === 'string'),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
