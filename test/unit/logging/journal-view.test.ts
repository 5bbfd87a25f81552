import { ScriptedSystem } from '@gemel/core/testing';
import { ApplianceError } from '@gemel/core/sdk';
import { ExportReader } from '#logging/journal/export-reader.js';
import { Journal } from '#logging/journal/journal.js';
import { formatEntry, mergeEntries, parseEntry } from '#logging/journal/journal-entry.js';
import { everything, filterArguments, querySchema } from '#logging/journal/query.js';
import test from 'ava';

const time = '1795312000123456';
const fieldsOf = (fields: object) => new Map(Object.entries({ __REALTIME_TIMESTAMP: time, ...fields }));
const exported = (fields: object) => [...fieldsOf(fields)].map(([name, value]) => `${name}=${value}\n`).join('') + '\n';

test('makes every filter an argument of journalctl', (t) => {
  const query = querySchema.parse({
    unit: ['ssh.service'],
    facility: ['kern', 'auth'],
    severity: 'warning',
    since: '2h',
    until: '2026-11-22T04:00:00Z',
    grep: 'a.*b',
    kernel: true,
    boot: 1,
  });
  t.deepEqual(filterArguments(query), [
    '--unit=ssh.service',
    '--facility=kern,auth',
    '--priority=warning',
    '--since=2h ago',
    '--until=@1795320000',
    '--grep=a.*b',
    '--boot=-1',
    '_TRANSPORT=kernel',
  ]);
  t.deepEqual(filterArguments(everything), []);
});

test('the cluster view is the engines of the cluster', (t) => {
  const units = filterArguments(querySchema.parse({ cluster: true }));
  t.true(units.includes('--unit=pacemaker.service'));
  t.true(units.includes('--unit=corosync.service'));
});

test('takes no time or unit that journalctl would read as something else', (t) => {
  for (const since of ['--all', '-1', '2h; reboot', '@1 ', 'soon'])
    t.false(querySchema.safeParse({ since }).success, since);
  for (const unit of ['', 'a b', 'a\n--all']) t.false(querySchema.safeParse({ unit: [unit] }).success, unit);
});

test('reads an entry of a service and one of the kernel', (t) => {
  const fields = {
    _HOSTNAME: 'n1',
    _SYSTEMD_UNIT: 'ssh.service',
    SYSLOG_IDENTIFIER: 'sshd',
    _PID: '42',
    PRIORITY: '5',
  };
  t.deepEqual(parseEntry(fieldsOf({ ...fields, MESSAGE: 'Hello' })), {
    at: 1_795_312_000_123,
    node: 'n1',
    unit: 'ssh.service',
    identifier: 'sshd',
    pid: 42,
    severity: 'notice',
    message: 'Hello',
  });
  const kernel = parseEntry(fieldsOf({ _HOSTNAME: 'n1', SYSLOG_IDENTIFIER: 'kernel', PRIORITY: '3', MESSAGE: 'oops' }));
  t.deepEqual([kernel.unit, kernel.pid, kernel.severity], [null, null, 'err']);
});

const entriesIn = (bytes: Uint8Array) => [...new ExportReader().read(bytes)].map(parseEntry);

test('reads bytes that are no UTF-8, a field that comes twice, and one that is missing', (t) => {
  const bytes = [0x4d, 0x45, 0x53, 0x53, 0x41, 0x47, 0x45, 0x0a, 3, 0, 0, 0, 0, 0, 0, 0, 0x48, 0x69, 0xff, 0x0a, 0x0a];
  t.is(entriesIn(Uint8Array.from(bytes))[0]?.message, 'Hi\uFFFD');
  t.is(entriesIn(Buffer.from('MESSAGE=one=1\nMESSAGE=two\n\n'))[0]?.message, 'one=1');
  t.is(entriesIn(Buffer.from(exported({ _HOSTNAME: 'n1' })))[0]?.message, '');
  t.deepEqual(entriesIn(Buffer.from('-- No entries --\n\n')), []);
});

test('a message that looks like fields and entries is one message', (t) => {
  const message = 'one\n\nPRIORITY=0\nMESSAGE\n';
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(message.length));
  const bytes = Buffer.concat([Buffer.from('MESSAGE\n'), length, Buffer.from(`${message}\nPRIORITY=4\n\n`)]);
  for (const size of [1, 3, 13, bytes.length]) {
    const reader = new ExportReader();
    const found = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      [...reader.read(bytes.subarray(index * size, (index + 1) * size))].map(parseEntry),
    ).flat();
    t.deepEqual(
      found.map((entry) => [entry.message, entry.severity]),
      [[message, 'warning']],
      `cut every ${size} bytes`,
    );
  }
});

test('shows no control character, and the lines of one message as belonging together', (t) => {
  const entry = parseEntry(
    fieldsOf({ _HOSTNAME: 'n1', SYSLOG_IDENTIFIER: 'x', MESSAGE: '\u001b[31mred\u0007\nsecond\tline' }),
  );
  t.is(formatEntry(entry), '2026-11-22 01:46:40.123 n1 x: \uFFFD[31mred\uFFFD\n    second    line');
});

test('merges both nodes by time and keeps the newest', (t) => {
  const at = (time: number, node: string) => ({ ...parseEntry(fieldsOf({ _HOSTNAME: node })), at: time });
  const merged = mergeEntries([at(1, 'a'), at(3, 'a')], [at(2, 'b'), at(4, 'b')], 3);
  t.deepEqual(
    merged.map(({ node, at: time }) => `${node}${time}`),
    ['b2', 'a3', 'b4'],
  );
});

const argv = (limit: number, ...filters: string[]) => [
  ...['journalctl', '--quiet', '--output=export', /^--output-fields=/, '--reverse', `--lines=${limit}`],
  ...filters,
];

test('asks for the newest entries and gives them oldest first', async (t) => {
  const system = new ScriptedSystem();
  const [newer, older] = [
    exported({ MESSAGE: 'newer', __CURSOR: 's=2' }),
    exported({ MESSAGE: 'older', __CURSOR: 's=1' }),
  ];
  system.commands.always(argv(2), `${newer}${older}`);
  const { entries, cursor } = await new Journal(system.commands).newest(everything, { lines: 2 });
  t.is(cursor, 's=2');
  t.deepEqual(
    entries.map(({ message }) => message),
    ['older', 'newer'],
  );
});

test('a pattern that is found nowhere is no failure, one that is none is the operator’s', async (t) => {
  const system = new ScriptedSystem();
  system.commands.always(argv(5, '--grep=x'), { exitCode: 1 });
  system.commands.always(argv(5, '--grep=('), {
    exitCode: 1,
    stderr: 'Bad pattern "(": missing closing parenthesis\n',
  });
  const journal = new Journal(system.commands);
  t.deepEqual(await journal.newest({ ...everything, grep: 'x' }, { lines: 5 }), {
    entries: [],
    cursor: null,
    cut: false,
  });
  const failure = await t.throwsAsync(() => journal.newest({ ...everything, grep: '(' }, { lines: 5 }), {
    instanceOf: ApplianceError,
  });
  t.is(failure.code, 'invalid');
  t.regex(failure.message, /missing closing parenthesis/);
});

test('entries that are too long together come in smaller pages, with the place to go on from', async (t) => {
  const { commands } = new ScriptedSystem();
  const long = (number: number) => exported({ MESSAGE: `${number} ${'x'.repeat(400)}`, __CURSOR: `s=${number}` });
  const fields = ['journalctl', '--quiet', '--output=export', /^--output-fields=/] as const;
  commands.always([...fields, '--lines=+4', '--after-cursor=s=0'], [1, 2, 3, 4].map(long).join(''));
  const journal = new Journal(commands);
  const page = await journal.oldest(everything, { lines: 4, bytes: 1_200 }, 's=0');
  t.deepEqual([page.entries.length, page.cursor, page.cut], [2, 's=2', true]);
  const one = await journal.oldest(everything, { lines: 4, bytes: 10 }, 's=0');
  t.deepEqual([one.entries.length, one.cursor, one.cut], [1, 's=1', true], 'however long the first is');
});

test('what journalctl prints too much of is asked for in smaller numbers', async (t) => {
  const { commands } = new ScriptedSystem();
  const tooMuch = new ApplianceError('engine-failed', 'journalctl printed more than 12582912 bytes.');
  commands.always(argv(100), tooMuch);
  commands.always(argv(13), Array.from({ length: 13 }, () => exported({ MESSAGE: 'm' })).join(''));
  const { entries, cut } = await new Journal(commands).newest(everything, { lines: 100 });
  t.deepEqual([entries.length, cut], [13, true]);
});
