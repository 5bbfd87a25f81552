import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { type FakeAction, descriptor, FakeCore } from '../ipc/fake-core.js';
import { openServers } from '../ipc/open-servers.js';

const program = fileURLToPath(import.meta.resolve('#core/bin/gemel.js'));

const large: FakeAction = {
  descriptor: descriptor('test.large'),
  run: () => ({ output: 1, view: { kind: 'raw', text: `${'x'.repeat(99)}\n`.repeat(50_000) }, reports: [] }),
};
const apply: FakeAction = {
  descriptor: descriptor('settings.apply', {
    positionals: ['document'],
    input: { type: 'object', required: ['document'], properties: { document: { type: 'string', fileContent: true } } },
  }),
  run: (input) => ({ output: input, view: { kind: 'text', text: String(input['document']), tone: 'ok' }, reports: [] }),
};

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly notes: string;
}

/** The real program. @param most Closes its output after so many bytes, as `head` does. */
async function gemel(
  socket: string,
  args: readonly string[],
  input = '',
  most = Number.POSITIVE_INFINITY,
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { env: { GEMEL_SOCKET: socket, LANG: 'C.UTF-8' } });
  let output = '';
  let notes = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.length >= most) child.stdout.destroy();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    notes += text;
  });
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output, notes };
}

test('the program reads, asks core, prints and ends', async (t) => {
  await using servers = await openServers(new FakeCore([apply]));
  const ended = await gemel(servers.path('root'), ['settings', 'apply', '-'], 'from standard input');
  t.deepEqual(ended, { code: 0, output: '● from standard input\n', notes: '' });
});

test('prints everything, however large', async (t) => {
  await using servers = await openServers(new FakeCore([large]));
  const { code, output } = await gemel(servers.path('root'), ['test', 'large']);
  t.deepEqual([code, output.length], [0, 5_000_000]);
});

test('ends quietly when the reader of its output has gone', async (t) => {
  await using servers = await openServers(new FakeCore([large]));
  const { notes, code } = await gemel(servers.path('root'), ['test', 'large'], '', 100);
  t.deepEqual([code, notes], [0, '']);
});

test('names the remedy where no core runs', async (t) => {
  const { code, notes } = await gemel('/nonexistent/core.sock', ['status']);
  t.is(code, 6);
  t.regex(notes, /^✖ Core does not answer at .* systemctl start gemel-core/);
});
