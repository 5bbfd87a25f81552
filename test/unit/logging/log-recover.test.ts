import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { libexec, ScriptFolder } from '../script-folder.js';

/** As rsyslog 8.2504 writes an entry to a queue's file. */
const entry = (text: string) => `<Obj:1:msg:8:\n+msg:1:${text.length}:${text}:\n>End\n.\n`;

/** Queues of the destinations central and other, as a power failure left them. */
class Queues extends ScriptFolder {
  constructor(t: ExecutionContext, files: Readonly<Record<string, string>>) {
    super(t);
    mkdirSync(this.path('runtime'));
    this.put('rendered/rsyslog.conf', '# destinations: central other\n');
    this.put('queues/running', '');
    this.put('queues/sent-until', '');
    for (const [name, content] of Object.entries(files)) this.put(`queues/${name}`, content);
  }

  names(): readonly string[] {
    return readdirSync(this.path('queues'))
      .toSorted()
      .filter((name) => name !== 'sent-until');
  }

  /** @returns what the script said. */
  async start(script: 'gemel-log-recover' | 'gemel-log-rotate'): Promise<string> {
    const env = this.environment({
      GEMEL_LOG_QUEUES: this.path('queues'),
      GEMEL_LOG_RUNTIME: this.path('runtime'),
      GEMEL_RSYSLOG: this.path('rendered'),
    });
    const { code, stdout, stderr } = await this.run(join(libexec, script), [], env);
    if (code !== 0) throw new Error(`${script} ended with ${code}\n${stderr}`);
    return stdout;
  }
}

test('an index that is gone or torn is made anew from the files of the queue', async (t) => {
  const files = {
    'central.00000001': entry('one') + entry('two'),
    'central.00000002': `${entry('three')}<Obj:1:ms`,
    'central.qi': '<OPB:1:qqueue:1:\n+iQueueSize:2:1:3:\n>End\n.\n',
  };
  const queues = new Queues(t, files);
  t.regex(await queues.start('gemel-log-recover'), /central was made anew: 3 entries wait/);
  const index = queues.read('queues/central.qi');
  t.regex(index, /^\+iQueueSize:2:1:3:$/m);
  t.deepEqual(
    [...index.matchAll(/^\+(?:iCurrFNum|iCurrOffs|bDeleteOnClose):2:\d+:(\d+):$/gm)].map(([, value]) => Number(value)),
    [2, 0, files['central.00000002'].length, 1, 1, 0],
  );
});

test('an empty file of a queue without an index is removed, and the other queues are mended', async (t) => {
  const queues = new Queues(t, { 'central.00000001': '', 'other.00000001': entry('one') });
  await queues.start('gemel-log-recover');
  t.deepEqual(queues.names(), ['other.00000001', 'other.qi', 'running']);
});

test('a queue that cannot be read is put aside and said, and keeps no other one from its receiver', async (t) => {
  const queues = new Queues(t, { 'central.00000001': entry('one'), 'other.00000001': entry('one') });
  mkdirSync(queues.path('queues/central.00000002'));
  t.regex(await queues.start('gemel-log-recover'), /^<3>The queue of central cannot be read/m);
  const aside = ['central.damaged.00000001', 'central.damaged.00000002'];
  t.deepEqual(queues.names(), [...aside, 'other.00000001', 'other.qi', 'running']);
});

test('after an orderly end the queues are left as they are, but for those of destinations that are gone', async (t) => {
  const queues = new Queues(t, { 'central.00000001': '', 'gone.00000001': entry('one'), 'gone.qi': '' });
  rmSync(queues.path('queues/running'));
  await queues.start('gemel-log-recover');
  t.deepEqual(queues.names(), ['central.00000001', 'running']);
});

const cursor = (name: string, seconds: number) => `s=${name};i=1;b=2;m=3;t=${(seconds * 1_000_000).toString(16)};x=4`;

/** journalctl that answers by what it is asked for, and takes it down. */
const journalctl = `
echo "$*" >>"$FOLDER/asked"
case "$*" in
  *'--lines=2 '*) cat "$FOLDER/before" ;;
  *--since*) cat "$FOLDER/matching" 2>/dev/null ;;
  *) cat "$FOLDER/latest" ;;
esac`;

/** central has a filter and was sent to last at 5000 s; the journal goes on to 100000 s, its newest 22,000 entries begin at 90000 s. */
function filtered(t: ExecutionContext): Queues {
  const queues = new Queues(t, { 'journal-cursor': cursor('now', 100_000), 'sent-until': 'central 5000\n' });
  const filter = String.raw`central --priority=warning --unit=gemel-* --unit=a\x2db.service`;
  queues.put('rendered/rsyslog.conf', `# destinations: central other\n# filtered: ${filter}\n`);
  queues.put('latest', `__CURSOR=${cursor('newer', 90_001)}\nPRIORITY=6\n\n__CURSOR=${cursor('latest', 90_000)}\n`);
  queues.put('before', `__CURSOR=${cursor('oldest', 5_100)}\n\n__CURSOR=${cursor('before', 5_090)}\n`);
  queues.program('journalctl', journalctl);
  return queues;
}

test('the journal is read again from before the first entry that a filtered destination may not have been sent', async (t) => {
  const queues = filtered(t);
  queues.put('matching', `__CURSOR=${cursor('newer', 80_000)}\n\n__CURSOR=${cursor('oldest', 5_100)}\n`);
  await queues.start('gemel-log-recover');
  t.is(queues.read('queues/journal-cursor'), cursor('before', 5_090));
  const [latest, matching, before] = queues.read('asked').trimEnd().split('\n');
  t.true(latest?.endsWith(`--cursor=${cursor('now', 100_000)}`));
  t.true(matching?.endsWith(String.raw`--since=@4940 --priority=warning --unit=gemel-* --unit=a\x2db.service`));
  t.true(before?.endsWith(`--cursor=${cursor('oldest', 5_100)}`));
});

test('a filtered destination that was sent everything has no more read again than the others', async (t) => {
  const queues = filtered(t);
  await queues.start('gemel-log-recover');
  t.is(queues.read('queues/journal-cursor'), cursor('latest', 90_000));
  queues.put('queues/journal-cursor', cursor('now', 100_000));
  queues.put('matching', `__CURSOR=${cursor('oldest', 95_000)}\n`);
  await queues.start('gemel-log-recover');
  t.is(queues.read('queues/journal-cursor'), cursor('latest', 90_000));
});

test('of a new destination nothing before is missing, and of one that is gone or switched off nothing is remembered', async (t) => {
  const queues = new Queues(t, { 'sent-until': 'central 5000\ngone 4000\noff 4000\n' });
  const filters = '# filtered: central --priority=err\n# filtered: other --unit=a.service\n';
  queues.put('rendered/rsyslog.conf', `# destinations: central off other plain\n${filters}`);
  const began = Math.floor(Date.now() / 1_000);
  await queues.start('gemel-log-recover');
  const [central, other, ...none] = queues.read('queues/sent-until').trimEnd().split('\n');
  t.deepEqual([central, none], ['central 5000', []]);
  t.true(Number(/^other (\d+)$/.exec(other ?? '')?.[1]) >= began);
});

/** A count of rsyslogd: what came to the memory of a queue, and what is still there. */
const counted = (at: number, name: string, enqueued: number, size: number, full = 0) =>
  `${at} { "name": "to-${name} queue", "origin": "core.queue", "size": ${size}, "enqueued": ${enqueued}, "full": 0, "discarded.full": ${full}, "discarded.nf": 0, "maxqsize": 99 }\n`;

test('how far a destination is, is kept before the figures go: what came by a count and has left by the last one', async (t) => {
  const queues = new Queues(t, { 'sent-until': 'away 50\nquiet 50\n' });
  const counts = [
    ...[counted(100, 'busy', 500, 5), counted(105, 'busy', 750, 7), counted(110, 'busy', 1_000, 240)],
    ...[counted(100, 'away', 40, 40), counted(105, 'away', 41, 41), counted(110, 'away', 60, 20, 40)],
    ...[counted(100, 'quiet', 9, 0), counted(110, 'quiet', 9, 0)],
    ...[counted(100, 'anew', 3, 3), counted(105, 'anew', 1, 1), counted(110, 'anew', 9, 4)],
  ];
  queues.put(
    'runtime/statistics',
    counts.join('') + '110 { "name": "to-busy", "origin": "core.action", "processed": 2 }\n',
  );
  await queues.start('gemel-log-rotate');
  t.deepEqual(queues.read('queues/sent-until').trimEnd().split('\n').toSorted(), [
    'anew 105',
    'away 50',
    'busy 105',
    'quiet 110',
  ]);
  t.deepEqual(readdirSync(queues.path('runtime')), ['statistics.1']);
});
