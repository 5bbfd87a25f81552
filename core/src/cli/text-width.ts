/**
 * Columns a text takes on a terminal: 2 for East Asian wide and full-width characters and emoji, 0 for marks that combine.
 * Ranges from Unicode 17's EastAsianWidth.txt, joined where the gaps are unassigned.
 */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];
const zero = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]$/u;
const plain = /^[\x20-\x7e]*$/;

export function textWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

export function characterWidth(character: string): number {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x300) return 1;
  if (zero.test(character)) return 0;
  return wide.some(([from, to]) => point >= from && point <= to) ? 2 : 1;
}

export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

/** Lines of at most this width, broken at spaces where there are some. */
export function wrap(text: string, width: number): readonly string[] {
  return text.split('\n').flatMap((line) => (textWidth(line) <= width ? [line] : wrapLine(line, width)));
}

function wrapLine(line: string, width: number): readonly string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`;
    if (textWidth(longer) <= width) {
      current = longer;
      continue;
    }
    if (current !== '') lines.push(current);
    current = word;
    while (textWidth(current) > width) {
      const head = cut(current, width);
      lines.push(head);
      current = current.slice(head.length);
    }
  }
  if (current !== '') lines.push(current);
  return lines;
}

function cut(text: string, width: number): string {
  let head = '';
  let used = 0;
  for (const character of text) {
    used += characterWidth(character);
    if (used > width && head !== '') break;
    head += character;
  }
  return head;
}

const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Texts come from names, logs and engines: what would steer the terminal or turn text around is shown as a code instead. */
export function printable(text: string): string {
  return text.replaceAll('\t', '  ').replace(control, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? `^${String.fromCharCode(code + 0x40)}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
