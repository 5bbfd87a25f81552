import type { Run } from './ansi-screen.ts';

/** Pixels; a monospaced letter is 0.6 times as wide as its font is high. */
const fontSize = 14;
const letter = fontSize * 0.6;
const lineHeight = 19;
const padding = 18;
const titleHeight = 38;

const background = '#15181d';
const frame = '#20252c';
const text = '#d6dae0';
/** SGR 30 to 37, each with a contrast of at least 4.5 to the background. */
const colours = ['#8a929c', '#ff7b72', '#5fd38d', '#e3b341', '#79b8ff', '#d2a8ff', '#56d4dd', '#d6dae0'] as const;
const dimmed = '#9aa2ac';

/** A screen as a picture of a terminal window. */
export function screenSvg(lines: readonly (readonly Run[])[], title: string, columns: number): string {
  const width = Math.ceil(columns * letter + 2 * padding);
  const height = titleHeight + lines.length * lineHeight + padding;
  const rows = lines.flatMap((runs, row) => runs.map((run) => textElement(run, row)));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<rect width="${width}" height="${height}" rx="9" fill="${background}"/>
<path d="M0 ${titleHeight - 8}V9a9 9 0 0 1 9-9h${width - 18}a9 9 0 0 1 9 9v${titleHeight - 17}z" fill="${frame}"/>
<circle cx="20" cy="15" r="5.5" fill="#ff5f57"/><circle cx="38" cy="15" r="5.5" fill="#febc2e"/><circle cx="56" cy="15" r="5.5" fill="#28c840"/>
<g font-family="'DejaVu Sans Mono', ui-monospace, Menlo, Consolas, monospace" font-size="${fontSize}" xml:space="preserve">
<text x="${width / 2}" y="20" fill="${dimmed}" font-size="12" text-anchor="middle">${escaped(title)}</text>
${rows.join('\n')}
</g>
</svg>
`;
}

/** The length is given, so that columns stand below each other whatever font the viewer has. */
function textElement(run: Run, row: number): string {
  const x = round(padding + run.column * letter);
  const y = titleHeight + row * lineHeight + fontSize;
  const fill = run.colour === undefined ? (run.dim ? dimmed : text) : (colours[run.colour] ?? text);
  const weight = run.bold ? ' font-weight="bold"' : '';
  const length = round(Array.from(run.text).length * letter);
  return `<text x="${x}" y="${y}" fill="${fill}"${weight} textLength="${length}" lengthAdjust="spacingAndGlyphs">${escaped(run.text)}</text>`;
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escaped(raw: string): string {
  return raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
