/**
 * A client on the operators' network, as a process of its own inside the lab's network namespace. Usage:
 * lab-client.ts poll|write HOST PORT PATH, or poll-each HOST PORT-PORT PATH with a % for the number of the port in the range. Prints one line per answer: when it was asked and when it was answered (milliseconds
 * since 1970), the host that answered, and what was asked.
 */
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const [mode = '', host = '', port = '', path = ''] = process.argv.slice(2);
const POLL_MS = 20;
/** Pause after each write: more of them would only keep the processor busy. */
const WRITE_MS = 10;
/** A request that is not answered by then counts as failed; others were sent meanwhile. */
const ANSWER_MS = 2_000;

/** Of each of many: twenty a second would be the machine's own load. */
const POLL_EACH_MS = 100;

/** The answer's body, or undefined when there was none in time. */
function ask(what: string, at = port): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(
      { host, port: at, path: what, agent: false, signal: AbortSignal.timeout(ANSWER_MS) },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => (body += text));
        response.on('end', () => resolve(response.statusCode === 200 && response.complete ? body : undefined));
        response.on('error', () => resolve(undefined));
      },
    );
    request.on('error', () => resolve(undefined));
  });
}

async function report(what: string): Promise<boolean> {
  const asked = Date.now();
  const body = await ask(what);
  if (body === undefined) return false;
  process.stdout.write(`${asked} ${Date.now()} ${body} ${what}\n`);
  return true;
}

/** The site's own words say nothing of the node. */
async function pollEach(at: number, what: string): Promise<void> {
  for (let next = Date.now(); ; next += POLL_EACH_MS) {
    await sleep(Math.max(0, next - Date.now()));
    void tell(at, what);
  }
}

async function tell(at: number, what: string): Promise<void> {
  const asked = Date.now();
  if ((await ask(what, String(at))) !== undefined) process.stdout.write(`${asked} ${Date.now()} - ${what}\n`);
}

if (mode === 'poll-each') {
  const [from = 0, to = 0] = port.split('-').map(Number);
  for (let each = from; each <= to; each++) void pollEach(each, path.replace('%', String(each - from + 1)));
} else if (mode === 'poll') {
  for (let next = Date.now(); ; next += POLL_MS) {
    await sleep(Math.max(0, next - Date.now()));
    void report(path);
  }
} else {
  // One after the other, each once: a number that was not answered may be there or not.
  for (let number = 1; ; number++) await sleep((await report(`${path}${number}`)) ? WRITE_MS : 50);
}
