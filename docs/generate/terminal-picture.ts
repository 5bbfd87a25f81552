/**
 * Draws a recorded terminal session: `terminal-picture.ts SESSION TITLE > PICTURE`. A session is what a terminal was sent, as
 * docs/pictures/record wrote it.
 */
import { readFile } from 'node:fs/promises';
import { screenOf } from './ansi-screen.ts';
import { screenSvg } from './screen-svg.ts';

const [session, title = 'gemel'] = process.argv.slice(2);
if (session === undefined) throw new Error('usage: terminal-picture.ts SESSION [TITLE] > PICTURE');
const lines = screenOf(await readFile(session, 'utf8'));
const last = lines.findLastIndex((runs) => runs.length > 0);
const seen = lines.slice(0, last + 1);
const widest = Math.max(...seen.map((runs) => Math.max(0, ...runs.map(({ column, text }) => column + text.length))));
process.stdout.write(screenSvg(seen, title, Math.max(widest, 60)));
