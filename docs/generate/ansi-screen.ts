/** Text of one appearance, as far as our own output uses it. */
export interface Appearance {
  /** 0 to 7 as in SGR 30 to 37, or the terminal's own. */
  readonly colour: number | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
}

export interface Run extends Appearance {
  readonly column: number;
  readonly text: string;
}

interface Cell extends Appearance {
  readonly character: string;
}

const usual: Appearance = { colour: undefined, bold: false, dim: false };

const escape = '\u001b';

/** Escape sequences with their parameters; everything else is text. */
const pieces = new RegExp(`${escape}\\[([\\d;?]*)([A-Za-z])|${escape}[()][A-Z0-9]|${escape}[=>78]|[^${escape}]`, 'gsu');

/** What a terminal shows after a recorded session, line by line: colours, carriage returns, erased and wrapped lines. */
export function screenOf(recorded: string, columns = Number.POSITIVE_INFINITY): readonly (readonly Run[])[] {
  const lines: Cell[][] = [[]];
  let row = 0;
  let column = 0;
  let look = usual;
  const lineAt = (index: number) => (lines[index] ??= []);
  for (const [piece, parameters = '', command] of recorded.matchAll(pieces)) {
    if (piece === '\n') row += 1;
    else if (piece === '\r') column = 0;
    else if (piece === '\b') column = Math.max(0, column - 1);
    else if (command === 'm') look = restyled(look, parameters);
    else if (command === 'K') lineAt(row).length = Math.min(lineAt(row).length, column);
    else if (command === 'A') row = Math.max(0, row - (Number(parameters) || 1));
    else if (command === undefined && !piece.startsWith(escape)) {
      if (column >= columns) {
        row += 1;
        column = 0;
      }
      const line = lineAt(row);
      while (line.length < column) line.push({ ...usual, character: ' ' });
      line[column] = { ...look, character: piece };
      column += 1;
    }
  }
  return Array.from(lines, (line) => runsOf(line ?? []));
}

function restyled(look: Appearance, parameters: string): Appearance {
  let now = look;
  for (const code of parameters.split(';').map(Number)) {
    if (code === 0) now = usual;
    else if (code === 1) now = { ...now, bold: true };
    else if (code === 2) now = { ...now, dim: true };
    else if (code === 22) now = { ...now, bold: false, dim: false };
    else if (code >= 30 && code <= 37) now = { ...now, colour: code - 30 };
    else if (code === 39) now = { ...now, colour: undefined };
  }
  return now;
}

/** Neighbours that look the same, joined; blanks at the end are not seen. */
function runsOf(line: readonly Cell[]): readonly Run[] {
  const runs: Run[] = [];
  for (const [column, { character, colour, bold, dim }] of line.entries()) {
    const last = runs.at(-1);
    const same = last !== undefined && last.colour === colour && last.bold === bold && last.dim === dim;
    if (same) runs[runs.length - 1] = { ...last, text: last.text + character };
    else runs.push({ column, text: character, colour, bold, dim });
  }
  const seen = runs.filter(({ text }) => text.trim() !== '');
  return seen.map(({ column, text, colour, bold, dim }) => ({ column, text: text.trimEnd(), colour, bold, dim }));
}
