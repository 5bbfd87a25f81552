import { ScriptedSystem } from '@gemel/core/testing';
import { ApplianceError } from '@gemel/core/sdk';
import { Journal } from '#logging/journal/journal.js';
import { formatEntry, mergeEntries, parseEntry } from '#logging/journal/journal-entry.js';
import { everything, filterArguments, querySchema } from '#logging/journal/query.js';
import test from 'ava';

const line = (fields: object) => JSON.stringify({ __REALTIME_TIMESTAMP: '1795312000123456', ...fields });

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
  t.deepEqual(parseEntry(line({ ...fields, MESSAGE: 'Hello' })), {
    at: 1_795_312_000_123,
    node: 'n1',
    unit: 'ssh.service',
    identifier: 'sshd',
    pid: 42,
    severity: 'notice',
    message: 'Hello',
  });
  const kernel = parseEntry(line({ _HOSTNAME: 'n1', SYSLOG_IDENTIFIER: 'kernel', PRIORITY: '3', MESSAGE: 'oops' }));
  t.deepEqual([kernel?.unit, kernel?.pid, kernel?.severity], [null, null, 'err']);
});

test('reads bytes that are no UTF-8, a field that comes twice, and one that is missing', (t) => {
  t.is(parseEntry(line({ MESSAGE: [72, 105, 255] }))?.message, 'Hi\uFFFD');
  t.is(parseEntry(line({ MESSAGE: ['one', 'two'] }))?.message, 'one');
  t.is(parseEntry(line({ MESSAGE: null }))?.message, '');
  t.is(parseEntry('-- No entries --'), undefined);
});

test('shows no control character, and the lines of one message as belonging together', (t) => {
  const entry = parseEntry(
    line({ _HOSTNAME: 'n1', SYSLOG_IDENTIFIER: 'x', MESSAGE: '\u001b[31mred\u0007\nsecond\tline' }),
  );
  t.is(entry && formatEntry(entry), '2026-11-22 01:46:40.123 n1 x: \uFFFD[31mred\uFFFD\n    second    line');
});

test('merges both nodes by time and keeps the newest', (t) => {
  const at = (time: number, node: string) => ({ ...parseEntry(line({ _HOSTNAME: node }))!, at: time });
  const merged = mergeEntries([at(1, 'a'), at(3, 'a')], [at(2, 'b'), at(4, 'b')], 3);
  t.deepEqual(
    merged.map(({ node, at: time }) => `${node}${time}`),
    ['b2', 'a3', 'b4'],
  );
});

const argv = (limit: number, ...filters: string[]) => [
  ...['journalctl', '--quiet', '--all', '--output=json', /^--output-fields=/, '--reverse', `--lines=${limit}`],
  ...filters,
];

test('asks for the newest entries and gives them oldest first', async (t) => {
  const system = new ScriptedSystem();
  const [newer, older] = [line({ MESSAGE: 'newer', __CURSOR: 's=2' }), line({ MESSAGE: 'older', __CURSOR: 's=1' })];
  system.commands.always(argv(2), `${newer}\n${older}\n`);
  const { entries, cursor } = await new Journal(system.commands).newest(everything, 2);
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
  t.deepEqual(await journal.newest({ ...everything, grep: 'x' }, 5), { entries: [], cursor: null });
  const failure = await t.throwsAsync(() => journal.newest({ ...everything, grep: '(' }, 5), {
    instanceOf: ApplianceError,
  });
  t.is(failure.code, 'invalid');
  t.regex(failure.message, /missing closing parenthesis/);
});
