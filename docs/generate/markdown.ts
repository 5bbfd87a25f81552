/** Small pieces of Markdown. */

/** Text inside a table or paragraph that must not become markup. */
export function plain(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replaceAll('*', '\\*')
    .replace(/\s*\n\s*/g, ' ');
}

export function code(text: string): string {
  return `\`${text.trim().replaceAll('|', '\\|').replaceAll('\n', '\\n')}\``;
}

/** Cells are Markdown already. Without rows there is no table. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Blocks with one empty line between them; empty ones are left out. */
export function page(blocks: readonly string[]): string {
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

export const madeBy = '<!-- Made by `npm run docs` from the code. Do not edit. -->';
