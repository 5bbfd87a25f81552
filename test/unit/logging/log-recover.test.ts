import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';

const libexec = join(import.meta.dirname, '../../../../systemd/libexec');

/** As rsyslog 8.2504 writes an entry to a queue's file. */
const entry = (text: string) => `<Obj:1:msg:8:\n+msg:1:${text.length}:${text}:\n>End\n.\n`;

/** Queues of the destinations central and other, as a power failure left them. */
class Queues {
  readonly folder = mkdtempSync(join(tmpdir(), 'gemel-recover-'));

  constructor(t: ExecutionContext, files: Readonly<Record<string, string>>) {
    t.teardown(() => rmSync(this.folder, { recursive: true }));
    for (const name of ['bin', 'queues', 'rendered', 'runtime']) mkdirSync(join(this.folder, name));
    this.put('rendered/rsyslog.conf', '# destinations: central other\n');
    this.put('queues/running', '');
    for (const [name, content] of Object.entries(files)) this.put(`queues/${name}`, content);
  }

  put(name: string, content: string): void {
    writeFileSync(join(this.folder, name), content);
  }

  read(name: string): string {
    const path = join(this.folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  names(): readonly string[] {
    return readdirSync(join(this.folder, 'queues')).toSorted();
  }

  program(name: string, text: string): void {
    this.put(`bin/${name}`, text);
    chmodSync(join(this.folder, 'bin', name), 0o755);
  }

  /** @returns what the script said. */
  async recover(): Promise<string> {
    const env = {
      PATH: `${join(this.folder, 'bin')}:/usr/bin:/bin`,
      GEMEL_LOG_QUEUES: join(this.folder, 'queues'),
      GEMEL_LOG_RUNTIME: join(this.folder, 'runtime'),
      GEMEL_RSYSLOG: join(this.folder, 'rendered'),
    };
    return (await promisify(execFile)('sh', [join(libexec, 'gemel-log-recover')], { env })).stdout;
  }
}

test('an index that is gone or torn is made anew from the files of the queue', async (t) => {
  const files = {
    'central.00000001': entry('one') + entry('two'),
    'central.00000002': `${entry('three')}<Obj:1:ms`,
    'central.qi': '<OPB:1:qqueue:1:\n+iQueueSize:2:1:3:\n>End\n.\n',
  };
  const queues = new Queues(t, files);
  t.regex(await queues.recover(), /central was made anew: 3 entries wait/);
  const index = queues.read('queues/central.qi');
  t.regex(index, /^\+iQueueSize:2:1:3:$/m);
  t.deepEqual(
    [...index.matchAll(/^\+(?:iCurrFNum|iCurrOffs|bDeleteOnClose):2:\d+:(\d+):$/gm)].map(([, value]) => Number(value)),
    [2, 0, files['central.00000002'].length, 1, 1, 0],
  );
});

test('an empty file of a queue without an index is removed, and the other queues are mended', async (t) => {
  const queues = new Queues(t, { 'central.00000001': '', 'other.00000001': entry('one') });
  await queues.recover();
  t.deepEqual(queues.names(), ['other.00000001', 'other.qi', 'running']);
});

test('a queue that cannot be read is put aside and said, and keeps no other one from its receiver', async (t) => {
  const queues = new Queues(t, { 'central.00000001': entry('one'), 'other.00000001': entry('one') });
  mkdirSync(join(queues.folder, 'queues/central.00000002'));
  t.regex(await queues.recover(), /^<3>The queue of central cannot be read/m);
  const aside = ['central.damaged.00000001', 'central.damaged.00000002'];
  t.deepEqual(queues.names(), [...aside, 'other.00000001', 'other.qi', 'running']);
});

test('after an orderly end the queues are left as they are, but for those of destinations that are gone', async (t) => {
  const queues = new Queues(t, { 'central.00000001': '', 'gone.00000001': entry('one'), 'gone.qi': '' });
  rmSync(join(queues.folder, 'queues/running'));
  await queues.recover();
  t.deepEqual(queues.names(), ['central.00000001', 'running']);
});
