import type { Style } from './style.js';
import type { Terminal } from './terminal.js';
import { printable } from './text-width.js';

const barWidth = 24;

/** One line on a terminal's standard error, drawn over and over. */
export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #style: Style;
  #shown = '';

  constructor(terminal: Terminal, style: Style) {
    this.#terminal = terminal;
    this.#style = style;
  }

  /** @param fraction 0 to 1, or null when unknown. */
  draw(fraction: number | null, message: string): void {
    const done = Math.round((fraction ?? 0) * barWidth);
    const [full, empty] = this.#style.unicode ? ['█', '░'] : ['#', '-'];
    const bar = fraction === null ? '' : `${full.repeat(done)}${empty.repeat(barWidth - done)} `;
    const room = (this.#style.columns ?? 80) - barWidth - 8;
    const text = `${bar}${`${percent(fraction)}${printable(message)}`.slice(0, Math.max(10, room))}`;
    // what is there already is not drawn again: many small steps look like one
    if (text !== this.#shown) this.#terminal.note(`\r\u001b[K${text}`);
    this.#shown = text;
  }

  clear(): void {
    if (this.#shown !== '') this.#terminal.note('\r\u001b[K');
    this.#shown = '';
  }
}

/** ` 42 % ` */
export function percent(fraction: number | null): string {
  return fraction === null ? '' : `${String(Math.floor(fraction * 100)).padStart(3)} % `;
}
