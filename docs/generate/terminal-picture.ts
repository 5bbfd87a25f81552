/**
 * Types the commands of docs/pictures/NAME.commands into an appliance of the lab, keeps what its terminal was sent as
 * NAME.session, and draws that as NAME.svg: `terminal-picture.ts NAME TITLE`. With `--draw` it only draws what was recorded.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Lab } from '../../test/lab/lab.ts';
import type { LabNode } from '../../test/lab/lab-node.ts';
import { screenOf } from './ansi-screen.ts';
import { screenSvg } from './screen-svg.ts';

const columns = 100;
const prompt = '\u001b[1mroot@a\u001b[0m:~# ';
const prepare = `stty cols ${columns}; export TERM=xterm-256color LANG=C.UTF-8`;
/** Emulated machines are slow, and a session may wait out a confirm window. */
const slowestSeconds = 150;

const [name = 'quick-start', title = 'gemel'] = process.argv.slice(2).filter((argument) => argument !== '--draw');
const pictures = join(import.meta.dirname, '../pictures');
const session = join(pictures, `${name}.session`);
if (!process.argv.includes('--draw')) {
  const commands = (await readFile(join(pictures, `${name}.commands`), 'utf8')).trim().split('\n');
  await writeFile(session, await record(commands));
}
const lines = screenOf(await readFile(session, 'utf8'), columns);
const seen = lines.slice(0, lines.findLastIndex((runs) => runs.length > 0) + 1);
await writeFile(join(pictures, `${name}.svg`), screenSvg(seen, title, columns));

async function record(commands: readonly string[]): Promise<string> {
  const lab = await Lab.up({ name: `picture-${process.pid}`, say: console.log });
  try {
    const [node] = lab.nodes;
    if (node === undefined) throw new Error('the lab has no appliance');
    let recorded = '';
    for (const command of commands) recorded += `${prompt}${command}\r\n${await shown(node, command)}`;
    return recorded;
  } finally {
    await lab.down();
  }
}

/** What a terminal shows: script(1) runs the command in one. */
async function shown(node: LabNode, command: string): Promise<string> {
  const argv = ['script', '-qec', `${prepare}; ${command}`, '/dev/null'];
  const { stdout } = await node.exec(argv, { timeoutSeconds: slowestSeconds });
  return stdout;
}
