/** A file in systemd's INI dialect, as far as the model reads it: values of a key in order, by `Section.Key`. */
export type EngineFile = ReadonlyMap<string, readonly string[]>;

export function parseEngineFile(text: string): EngineFile {
  const values = new Map<string, string[]>();
  let section = '';
  for (const line of text.split('\n')) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const heading = /^\[(.+)\]$/.exec(line)?.[1];
    const equals = line.indexOf('=');
    if (heading !== undefined) section = heading;
    else if (equals > 0) {
      const name = `${section}.${line.slice(0, equals)}`;
      values.set(name, [...(values.get(name) ?? []), line.slice(equals + 1)]);
    }
  }
  return values;
}

/** The last value of a key: what systemd uses where one value is meant. */
export function lastValue(file: EngineFile, name: string): string | undefined {
  return file.get(name)?.at(-1);
}
