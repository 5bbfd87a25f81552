/** A file in systemd's INI dialect: sections in order, keys may repeat. */
export interface UnitSection {
  readonly name: string;
  readonly entries: readonly (readonly [key: string, value: string])[];
}

const heading = '# Written by Gemel from the network settings. Changes made here are overwritten.\n';

/** Sections without entries are left out. @throws Error for a value with a line break, which could smuggle in a line. */
export function renderUnitFile(sections: readonly UnitSection[]): string {
  let text = heading;
  for (const { name, entries } of sections) {
    if (entries.length === 0) continue;
    text += `\n[${name}]\n`;
    for (const [key, value] of entries) {
      if (/[\n\r\0]/.test(value)) throw new Error(`the value of ${key} contains a line break`);
      text += `${key}=${value}\n`;
    }
  }
  return text;
}

export function parseUnitFile(text: string): readonly UnitSection[] {
  const sections: { name: string; entries: [string, string][] }[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const section = /^\[(.+)\]$/.exec(line)?.[1];
    const equals = line.indexOf('=');
    if (section !== undefined) sections.push({ name: section, entries: [] });
    else if (equals > 0) sections.at(-1)?.entries.push([line.slice(0, equals), line.slice(equals + 1)]);
  }
  return sections;
}

/** Every value of a key, in order. */
export function unitValues(sections: readonly UnitSection[], section: string, key: string): readonly string[] {
  return sections
    .filter(({ name }) => name === section)
    .flatMap(({ entries }) => entries.filter(([name]) => name === key).map(([, value]) => value));
}
