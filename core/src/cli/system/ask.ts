import { createInterface } from 'node:readline/promises';

/** Asks on the terminal, through standard error so that standard output stays the result. */
export async function ask(question: string, echo: boolean): Promise<string | undefined> {
  if (!echo) return await askSecret(question);
  const stop = new AbortController();
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.once('SIGINT', () => stop.abort());
  lines.once('close', () => stop.abort());
  try {
    return await lines.question(question, { signal: stop.signal });
  } catch {
    process.stderr.write('\n');
    return undefined; // aborted above
  } finally {
    lines.close();
  }
}

const enter = ['\r', '\n'];
const abandon = ['\u0003', '\u0004'];
const rubOut = ['\u007f', '\b'];

/** Character by character: only so is nothing echoed. */
async function askSecret(question: string): Promise<string | undefined> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  let text = '';
  try {
    return await new Promise<string | undefined>((resolve) => {
      const take = (chunk: string) => {
        for (const character of chunk) {
          if (enter.includes(character)) return finish(text);
          if (abandon.includes(character)) return finish(undefined);
          if (rubOut.includes(character)) text = Array.from(text).slice(0, -1).join('');
          else text += character;
        }
      };
      const finish = (answer: string | undefined) => {
        stdin.off('data', take);
        resolve(answer);
      };
      stdin.on('data', take);
    });
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}
