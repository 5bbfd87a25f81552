import type { CellLike, Tone, View } from '../sdk/view.js';
import { bold, mark, paint, type Style } from './style.js';
import { pad, printable, textWidth, wrap } from './text-width.js';

const gap = '  ';
/** Columns narrower than this are not narrowed further. */
const narrowest = 8;

/** A view as text that ends with a line end, or nothing. */
export function drawView(view: View, style: Style): string {
  switch (view.kind) {
    case 'text':
      return `${cellLines(view, style.columns ?? Number.POSITIVE_INFINITY, style).join('\n')}\n`;
    case 'fields':
      return titled(view.title, drawFields(view.fields, style), style);
    case 'table':
      return titled(view.title, drawTable(view, style), style);
    case 'diff':
      return view.lines
        .map(({ mark: sign, text }) => `${paint(`${sign} ${printable(text)}`, diffTones[sign], style)}\n`)
        .join('');
    case 'raw':
      return view.text;
    case 'group': {
      const parts = view.views.map((part) => drawView(part, style)).filter((part) => part !== '');
      return titled(view.title, parts.join('\n'), style);
    }
  }
}

const diffTones: Readonly<Record<'+' | '-' | '~' | ' ', Tone>> = { '+': 'ok', '-': 'bad', '~': 'warn', ' ': 'plain' };

function titled(title: string | undefined, body: string, style: Style): string {
  return title === undefined ? body : `${bold(printable(title), style)}\n${body}`;
}

function drawFields(fields: readonly (readonly [string, CellLike])[], style: Style): string {
  const labels = fields.map(([label]) => printable(label));
  const width = Math.max(0, ...labels.map(textWidth));
  const room = Math.max(narrowest, (style.columns ?? Number.POSITIVE_INFINITY) - width - gap.length);
  return fields
    .map(([, cell], index) => {
      const label = labels[index] ?? '';
      const [first = '', ...others] = cellLines(cell, room, style);
      const lines = [`${paint(pad(label, width), 'muted', style)}${gap}${first}`.trimEnd()];
      for (const other of others) lines.push(`${' '.repeat(width)}${gap}${other}`);
      return `${lines.join('\n')}\n`;
    })
    .join('');
}

function drawTable(table: Extract<View, { kind: 'table' }>, style: Style): string {
  const { columns, rows, empty } = table;
  if (rows.length === 0 && empty !== undefined) return `${paint(printable(empty), 'muted', style)}\n`;
  const heads = columns.map((column) => printable(column));
  const natural = heads.map((head, index) =>
    Math.max(textWidth(head), ...rows.map((row) => cellWidth(row[index] ?? '', style))),
  );
  const widths = fit(natural, style.columns);
  const drawn = rows.map((row) => heads.map((_, index) => cellLines(row[index] ?? '', widths[index] ?? 0, style)));
  const head = heads.map((text, index) => wrap(text, widths[index] ?? 0).map((line) => bold(line, style)));
  return [head, ...drawn].map((cells) => drawRow(cells, widths)).join('');
}

/** Takes from the widest columns until the table fits. */
function fit(natural: readonly number[], columns: number | undefined): readonly number[] {
  const widths = [...natural];
  const gaps = gap.length * (widths.length - 1);
  let surplus = columns === undefined ? 0 : widths.reduce((sum, width) => sum + width, gaps) - columns;
  while (surplus > 0) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) break;
    widths[widths.indexOf(widest)] = widest - 1;
    surplus -= 1;
  }
  return widths;
}

function drawRow(cells: readonly (readonly string[])[], widths: readonly number[]): string {
  const height = Math.max(1, ...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const parts = cells.map((lines, index) => padPainted(lines[line] ?? '', widths[index] ?? 0));
    return `${parts.join(gap).trimEnd()}\n`;
  }).join('');
}

function cellWidth(cell: CellLike, style: Style): number {
  return Math.max(0, ...cellText(cell, style).split('\n').map(textWidth));
}

function cellText(cell: CellLike, style: Style): string {
  return typeof cell === 'string' ? printable(cell) : mark(cell.tone ?? 'plain', style) + printable(cell.text);
}

function cellLines(cell: CellLike, width: number, style: Style): readonly string[] {
  const tone = typeof cell === 'string' ? 'plain' : (cell.tone ?? 'plain');
  return wrap(cellText(cell, style), width).map((line) => paint(line, tone, style));
}

/** Pads by what is seen: colour codes take no room. */
function padPainted(text: string, width: number): string {
  // the codes are our own, from paint and bold
  const seen = text.replaceAll(/\u001b\[\d+m/g, '');
  return text + ' '.repeat(Math.max(0, width - textWidth(seen)));
}
