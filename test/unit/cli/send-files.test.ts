import { appendFile, mkdir, mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runCommand } from '#core/cli/main.js';
import { openFile } from '#core/cli/system/open-file.js';
import { limits } from '#core/ipc/protocol.js';
import test from 'ava';
import { openServers } from '../ipc/open-servers.js';
import { mostBytes, type UploadWorld, until, uploadWorld, type UploadWorldOptions } from '../uploads/upload-world.js';
import { FakeTerminal, type FakeTerminalOptions } from './fake-terminal.js';

/** Files of a caller, and `gemel` with them. */
async function desk(options: UploadWorldOptions = {}) {
  const own = await mkdtemp(join(tmpdir(), 'gemel-caller-'));
  const world = await uploadWorld(options);
  const servers = await openServers(world.api);
  return {
    world,
    own,
    put: async (name: string, content: string | Uint8Array) => {
      await writeFile(join(own, name), content);
      return join(own, name);
    },
    gemel: async (line: readonly string[], terminal: FakeTerminal = new FakeTerminal()) => {
      const code = await runCommand(line, { terminal, socket: servers.path('root') });
      return { code, notes: terminal.notes, output: terminal.output };
    },
    async [Symbol.asyncDispose]() {
      await servers[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
      await rm(own, { recursive: true });
    },
  };
}

const empty = (world: UploadWorld) => until(async () => (await world.left()).length === 0);

test('sends a file of the caller, and nothing is left', async (t) => {
  await using here = await desk();
  const text = 'äöü'.repeat(400_000);
  const path = await here.put('a.txt', text);
  t.deepEqual(await here.gemel(['test', 'read', path]), { code: 0, notes: '', output: 'Read.\n' });
  t.true(here.world.seen[0]?.texts[0] === text);
  t.deepEqual(await here.world.left(), []);
});

test('a relative path is one of the caller’s', async (t) => {
  await using here = await desk();
  const path = await here.put('a.txt', 'x');
  t.is((await here.gemel(['test', 'read', relative(process.cwd(), path)])).code, 0);
});

test('sends the file that a description names along with it', async (t) => {
  await using here = await desk();
  const description = JSON.stringify({ image: { file: 'b.squashfs' } });
  await here.put('b.squashfs', 'image');
  const path = await here.put('a.json', description);
  t.is((await here.gemel(['test', 'pair', path])).code, 0);
  t.deepEqual(here.world.seen[0]?.texts, [description, 'image']);
  t.deepEqual(await here.world.left(), []);
});

for (const folder of ['/var/lib/gemel/incoming', '/srv/gemel', '/media', '/mnt']) {
  test(`what lies in ${folder} is not sent: core sees it there`, async (t) => {
    await using here = await desk();
    const terminal = new FakeTerminal({ openFile: async (path) => t.fail(`${path} was opened`) as never });
    await here.gemel(['test', 'read', `${folder}/gemel-test/../a.txt`], terminal);
    t.deepEqual(here.world.audited, [{ file: `${folder}/a.txt` }]);
  });
}

test('a folder that only begins like one of these is the caller’s own', async (t) => {
  await using here = await desk();
  const { code, notes } = await here.gemel(['test', 'read', '/media-of-jane/a.txt']);
  t.is(code, 2);
  t.regex(notes, /FILE: the file \/media-of-jane\/a\.txt can't be read: ENOENT/);
});

test('what an earlier upload gave is passed on', async (t) => {
  await using here = await desk();
  const { code, notes } = await here.gemel(['test', 'read', `upload:${'0'.repeat(32)}`]);
  t.is(code, 4);
  t.regex(notes, /file: what was sent is not there any more/);
});

const unfit: Readonly<Record<string, readonly [(folder: string) => Promise<string>, string, RegExp]>> = {
  'a folder': [async (own) => own, 'read', /FILE: \/.* is a folder\. Name another file/],
  'an empty file': [(own) => written(own, 'a.txt', ''), 'read', /FILE: \/.*a\.txt is empty\. Name another file/],
  'a device': [async () => '/dev/zero', 'read', /FILE: \/dev\/zero is no plain file/],
  'a file that is not there': [async (own) => join(own, 'none'), 'read', /can't be read: ENOENT/],
  'standard input': [async () => '-', 'read', /FILE: standard input is not taken here/],
  'a description that is not JSON': [(own) => written(own, 'a.json', '{'), 'pair', /a\.json is not JSON/],
  'a description that names nothing': [
    (own) => written(own, 'a.json', '{}'),
    'pair',
    /image\.file of .* must be the name/,
  ],
  'a description that names another folder': [
    (own) => written(own, 'a.json', '{"image":{"file":"../b"}}'),
    'pair',
    /must be the name of the file beside it/,
  ],
  'a description without its file': [
    (own) => written(own, 'a.json', '{"image":{"file":"b"}}'),
    'pair',
    /the file \/.*\/b can't be read: ENOENT/,
  ],
  'a description that is far too large': [
    (own) => written(own, 'a.json', ' '.repeat(1_100_000)),
    'pair',
    /too large for a description/,
  ],
};

async function written(own: string, name: string, content: string): Promise<string> {
  await writeFile(join(own, name), content);
  return join(own, name);
}

for (const [what, [make, action, message]] of Object.entries(unfit)) {
  test(`refuses ${what}, before anything is sent`, async (t) => {
    await using here = await desk();
    const { code, notes } = await here.gemel(['test', action, await make(here.own)]);
    t.is(code, 2);
    t.regex(notes, message);
    t.deepEqual([here.world.audited, await here.world.left()], [[], []]);
  });
}

test('what core refuses is told with field, reason and remedy', async (t) => {
  await using here = await desk();
  const path = await here.put('a.txt', new Uint8Array(mostBytes + 1));
  const { code, notes } = await here.gemel(['test', 'read', path]);
  t.is(code, 1);
  t.regex(notes, /file: a\.txt has 4194305 bytes, and 4194304 are the most that is taken\. Choose another file/);
});

/** Calls back after the first piece was read. */
function afterFirstPiece(act: () => unknown): FakeTerminalOptions['openFile'] {
  return async (path) => {
    const file = await openFile(path);
    let pieces = 0;
    return {
      ...file,
      async read(most) {
        const piece = await file.read(most);
        if ((pieces += 1) === 1) await act();
        return piece;
      },
    };
  };
}

const meddling: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'cut off': (path) => truncate(path, limits.pieceBytes),
  grows: (path) => appendFile(path, 'more'),
  'is written anew': async (path) => {
    await writeFile(path, new Uint8Array(2 * limits.pieceBytes));
    // the clock of a file system can stand still for some milliseconds
    await utimes(path, 1, 1);
  },
};

for (const [what, meddle] of Object.entries(meddling)) {
  test(`a file that ${what} while it is sent is not used, and nothing is left`, async (t) => {
    await using here = await desk();
    const path = await here.put('a.txt', new Uint8Array(2 * limits.pieceBytes));
    const openIt = afterFirstPiece(() => meddle(path));
    const terminal = new FakeTerminal(openIt === undefined ? {} : { openFile: openIt });
    const { code, notes } = await here.gemel(['test', 'read', path], terminal);
    t.is(code, 5);
    t.regex(notes, /a\.txt was changed while it was sent/);
    await empty(here.world);
    t.deepEqual(here.world.audited, []);
  });
}

test('Ctrl-C ends the sending at once, also when core does not answer, and nothing is left', async (t) => {
  const { promise: slow, resolve } = Promise.withResolvers<void>();
  let pieces = 0;
  await using here = await desk({
    media: (disk) => ({
      ...disk,
      create: async (path) => ({
        ...(await disk.create(path)),
        append: async () => void ((pieces += 1) > 1 && (await slow)),
      }),
    }),
  });
  const path = await here.put('a.txt', new Uint8Array(3 * limits.pieceBytes));
  const terminal = new FakeTerminal({ notesOnTerminal: true, columns: 80 });
  const running = here.gemel(['test', 'read', path], terminal);
  await until(() => pieces === 2);
  terminal.interrupt();
  const { code, notes } = await running;
  t.is(code, 130);
  t.true(notes.endsWith('MiB)\r\u001b[KInterrupted. Core keeps nothing of what was sent.\n'), notes);
  resolve();
  await empty(here.world);
  t.deepEqual([here.world.audited, terminal.interruptible], [[], false]);
});

test('nothing is sent before somebody agreed', async (t) => {
  await using here = await desk();
  const path = await here.put('a.txt', 'hello');
  const terminal = new FakeTerminal({
    interactive: true,
    answers: ['n'],
    openFile: async () => t.fail('it was opened') as never,
  });
  t.is((await here.gemel(['test', 'long', path], terminal)).code, 9);
  t.deepEqual(terminal.questions, [{ question: `Read ${path}? [y/N] `, echo: true }]);
});

test('people on a terminal see how far it is, and programs nothing', async (t) => {
  await using here = await desk();
  await mkdir(join(here.own, 'deep'));
  const path = await here.put('deep/a.txt', new Uint8Array(3 * 1024 * 1024));
  const seen = async (more: readonly string[]) =>
    (await here.gemel(['test', 'read', path, ...more], new FakeTerminal({ notesOnTerminal: true, columns: 80 }))).notes;
  const notes = await seen([]);
  t.regex(notes, /█{12}░{12} {2}50 % sending a\.txt \(2 of 3 MiB\)/);
  t.true(notes.endsWith('\r\u001b[K'));
  t.is(await seen(['--json']), '');
});

test('completion leaves the name of the file to the shell', async (t) => {
  await using here = await desk();
  t.is((await here.gemel(['__complete', 'test', 'read', ''])).output, '');
});

test('help says that the file is sent, and when not', async (t) => {
  await using here = await desk();
  const { output } = await here.gemel(['test', 'read', '--help']);
  t.regex(output.replace(/\s+/g, ' '), /sent to core unless it lies below \/var\/lib\/gemel\/incoming, \/srv\/gemel/);
});
