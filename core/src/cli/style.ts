import type { Severity } from '../sdk/reports.js';
import type { Tone } from '../sdk/view.js';

/** How text is drawn: with which marks, and with colours or without. */
export interface Style {
  readonly unicode: boolean;
  readonly colours: boolean;
  /** Width that tables have to fit; undefined when the output goes to no terminal. */
  readonly columns: number | undefined;
}

const marks: Readonly<Record<Tone, readonly [unicode: string, ascii: string]>> = {
  ok: ['●', '+'],
  warn: ['▲', '!'],
  bad: ['✖', 'x'],
  pending: ['◌', '~'],
  muted: ['', ''],
  plain: ['', ''],
};

/** SGR codes of the 8 colours, which every terminal shows readably on its own background. */
const colours: Readonly<Record<Tone, string>> = {
  ok: '32',
  warn: '33',
  bad: '31',
  pending: '36',
  muted: '2',
  plain: '',
};

export const toneOfSeverity: Readonly<Record<Severity, Tone>> = { error: 'bad', warning: 'warn', info: 'plain' };

/** The mark with a space after it, or nothing. */
export function mark(tone: Tone, style: Style): string {
  const [unicode, ascii] = marks[tone];
  const sign = style.unicode ? unicode : ascii;
  return sign === '' ? '' : `${sign} `;
}

export function paint(text: string, tone: Tone, style: Style): string {
  const code = colours[tone];
  return style.colours && code !== '' && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
}

export function bold(text: string, style: Style): string {
  return style.colours && text !== '' ? `\u001b[1m${text}\u001b[0m` : text;
}
