import test from 'ava';
import { runCommand } from '#core/cli/main.js';
import { ApplianceError, type Report } from '#core/sdk/index.js';
import { descriptor, type FakeAction, FakeCore } from '../ipc/fake-core.js';
import { openServers } from '../ipc/open-servers.js';
import { FakeTerminal } from './fake-terminal.js';
import { create, remove, status, statusShow, warning, failing, gemel, gemelAt, until } from './example-commands.js';

test('turns words, positionals and options into an input, and draws the answer with its warnings', async (t) => {
  const line =
    'network bond create bond0 eth0,eth1 eth2 --mode 802.3ad --mtu=9000 --no-learn --ipv4.address 10.0.0.1/24 --ipv4.gateway none';
  const { code, output, notes, inputs } = await gemel(line);
  t.deepEqual(inputs, [
    {
      name: 'bond0',
      members: ['eth0', 'eth1', 'eth2'],
      mode: '802.3ad',
      mtu: 9000,
      learn: false,
      ipv4: { address: '10.0.0.1/24', gateway: null },
    },
  ]);
  t.deepEqual(
    { code, output, notes },
    {
      code: 0,
      output: '● Created.\n',
      notes: '▲ network/bonds/bond0: Slow LACP. (to do it all the same: --force SLOW_LACP)\n',
    },
  );
});

test('says where the shell’s connection comes from, when sshd told it', async (t) => {
  const core = new FakeCore([status]);
  await using servers = await openServers(core);
  const environments = [{ SSH_CONNECTION: '10.0.0.9 50122 10.0.0.1 22' }, { SSH_CONNECTION: '10.0.0.9' }, {}];
  for (const environment of environments) await gemelAt(servers, core, 'status', new FakeTerminal({ environment }));
  const remote = { address: '10.0.0.9', localAddress: '10.0.0.1' };
  t.deepEqual(
    core.callers.map((caller) => caller.remote),
    [remote, undefined, undefined],
  );
});

test('prints the output and nothing else with --json, wherever it stands', async (t) => {
  const { code, output } = await gemel('--json network bond create bond0 --members eth0 --members eth1');
  t.is(code, 0);
  t.deepEqual(JSON.parse(output), { name: 'bond0', members: ['eth0', 'eth1'] });
});

const wrong: Readonly<Record<string, readonly [string, RegExp]>> = {
  'an unknown command': ['netwrk bond', /gemel has no command netwrk\. Did you mean: network\?/],
  'an unknown command below a group': [
    'network bond creat',
    /gemel network bond has no command creat\. Did you mean: create\?/,
  ],
  'an unknown option': ['network bond create bond0 eth0 --mod x', /Unknown option --mod\. Did you mean: --mode/],
  'a word that is not in the list': [
    'network bond create bond0 eth0 --mode 802.3',
    /--mode must be one of 802\.3ad, active-backup, not 802\.3\. Did you mean: 802\.3ad/,
  ],
  'a number out of range': [
    'network bond create bond0 eth0 --mtu 10',
    /--mtu must be a whole number from 68 to 9000, not 10/,
  ],
  'a number that is none': ['network bond create bond0 eth0 --mtu big', /--mtu must be a whole number/],
  'what is missing': ['network bond create', /Missing: NAME, MEMBERS\. See: gemel network bond create --help/],
  'an option without its value': ['network bond create bond0 eth0 --mode --yes', /--mode needs a value/],
  'a word too many': ['status shw', /does not know what to do with shw\. Did you mean: show/],
  'a secret on the command line': ['access user set-password jane --password x', /Use --password-stdin/],
  'a file that is not there': ['settings apply missing.json', /missing\.json can't be read: no such file/],
  'input that is not JSON': ['network bond create --json-input bad.json', /--json-input is not JSON/],
  'a file and the input from the same place': ['settings apply - --json-input -', /Only one thing can be read/],
};

for (const [name, [line, message]] of Object.entries(wrong)) {
  test(`refuses ${name}, before anything is sent`, async (t) => {
    const { code, notes, output, inputs } = await gemel(line, { files: { 'bad.json': '{' } });
    t.is(code, 2);
    t.regex(notes, message);
    t.deepEqual([output, inputs], ['', []]);
  });
}

test('tells wrong usage as JSON too', async (t) => {
  const { code, output } = await gemel('netwrk --json');
  t.is(code, 2);
  t.like(JSON.parse(output), { error: { code: 'invalid', reports: [] } });
});

test('sends the text of a file or of standard input, and takes options over a JSON input', async (t) => {
  t.deepEqual((await gemel('settings apply a.json', { files: { 'a.json': '{"a":1}' } })).inputs, [
    { document: '{"a":1}' },
  ]);
  t.deepEqual((await gemel('settings apply -', { input: 'piped' })).inputs, [{ document: 'piped' }]);
  const input = JSON.stringify({ name: 'bond0', members: ['eth0'], ipv4: { address: 'a', gateway: 'b' } });
  t.deepEqual((await gemel('network bond create --json-input - --ipv4.address c', { input })).inputs, [
    { name: 'bond0', members: ['eth0'], ipv4: { address: 'c', gateway: 'b' } },
  ]);
});

test('asks for secrets without echo, twice, or reads them from standard input', async (t) => {
  const asked = await gemel('access user set-password jane', { interactive: true, answers: ['s3cret', 's3cret'] });
  t.deepEqual(asked.inputs, [{ name: 'jane', password: 's3cret' }]);
  t.deepEqual(
    asked.terminal.questions.map(({ echo }) => echo),
    [false, false],
  );
  const differing = await gemel('access user set-password jane', { interactive: true, answers: ['s3cret', 'secret'] });
  t.deepEqual([differing.code, differing.inputs], [2, []]);
  const read = await gemel('access user set-password jane --password-stdin', { input: 's3cret\n' });
  t.deepEqual(read.inputs, [{ name: 'jane', password: 's3cret' }]);
  const nobody = await gemel('access user set-password jane');
  t.deepEqual([nobody.code, nobody.inputs], [2, []]);
  const gaveUp = await gemel('access user set-password jane', { interactive: true, answers: [undefined] });
  t.deepEqual([gaveUp.code, gaveUp.inputs], [130, []]);
});

test('takes by position what seldom is a secret; where it is one it is asked for or read, and goes to a field of its own', async (t) => {
  t.deepEqual((await gemel('settings set a/b c')).inputs, [{ path: 'a/b', value: 'c' }]);
  const read = await gemel('settings set a/b --secret-value-stdin', { input: 's\n' });
  t.deepEqual(read.inputs, [{ path: 'a/b', secretValue: 's' }]);
  const asked = await gemel('settings set a/b', { interactive: true, answers: ['s'] });
  t.deepEqual(asked.inputs, [{ path: 'a/b', secretValue: 's' }]);
  t.deepEqual(asked.terminal.questions, [{ question: 'Secret value: ', echo: false }]);
  const typed = await gemel('settings set a/b --secret-value s');
  t.deepEqual([typed.code, typed.inputs], [2, []]);
  const nothing = await gemel('settings set a/b');
  t.deepEqual([nothing.code, nothing.inputs], [2, []]);
  t.regex(nothing.terminal.notes, /Missing: VALUE, or --secret-value-stdin where it is a secret/);
});

test('asks before what can’t be taken back, and refuses where nobody can answer', async (t) => {
  const agreed = await gemel('network bond remove bond0', { interactive: true, answers: ['y'] });
  t.deepEqual([agreed.code, agreed.terminal.questions[0]?.question], [0, 'Remove bond bond0? [y/N] ']);
  for (const answer of ['', 'n', 'maybe']) {
    const declined = await gemel('network bond remove bond0', { interactive: true, answers: [answer] });
    t.deepEqual([declined.code, declined.inputs], [9, []]);
  }
  const alone = await gemel('network bond remove bond0');
  t.deepEqual([alone.code, alone.inputs], [9, []]);
  t.deepEqual((await gemel('network bond remove bond0 --yes')).inputs, [{ name: 'bond0' }]);
});

const codes = {
  invalid: 1,
  forbidden: 3,
  'not-found': 4,
  conflict: 5,
  unavailable: 6,
  'engine-failed': 7,
  storage: 7,
  internal: 7,
  timeout: 8,
  cancelled: 9,
} as const;

for (const [error, expected] of Object.entries(codes)) {
  test(`ends with ${expected} when core says ${error}, with the reports, also as JSON`, async (t) => {
    // the keys above are error codes
    const code = error as keyof typeof codes;
    const action = failing('test.fail', () => {
      throw new ApplianceError(code, 'It failed.', { reports: [{ ...warning, severity: 'error' }] });
    });
    const shown = await gemel('test fail', {}, [action]);
    t.deepEqual(
      [shown.code, shown.notes],
      [expected, '✖ It failed.\n✖ network/bonds/bond0: Slow LACP. (force code: SLOW_LACP)\n'],
    );
    const json = await gemel('test fail --json', {}, [action]);
    t.is(json.code, expected);
    t.like(JSON.parse(json.output), { error: { code, message: 'It failed.', reports: [{ code: warning.code }] } });
  });
}

test('says field and reason of an error once', async (t) => {
  const report = (path: string, text: string) => ({ code: 'x', severity: 'error', params: {}, path, text }) as const;
  const said = async (message: string, reports: readonly Report[]) => {
    const action = failing('test.fail', () => {
      throw new ApplianceError('invalid', message, { reports });
    });
    return (await gemel('test fail', {}, [action])).notes;
  };
  const inner = report('time', 'time: must be a date.');
  t.is(await said('The input is not valid.', [inner]), '✖ The input is not valid.\n✖ time: must be a date.\n');
  t.is(await said(inner.text, [inner]), '✖ time: must be a date.\n');
  const unknown = report('lan/mut', 'There is no setting lan/mut. Did you mean mtu?');
  t.is(await said('No.', [unknown]), '✖ No.\n✖ There is no setting lan/mut. Did you mean mtu?\n');
  const word = report('to', 'Too long to be a name.');
  t.is(await said('No.', [word]), '✖ No.\n✖ to: Too long to be a name.\n');
});

test('says how to start core when it is not there', async (t) => {
  const terminal = new FakeTerminal();
  t.is(await runCommand(['status'], { terminal, socket: undefined }), 6);
  t.regex(terminal.notes, /systemctl start gemel-core.*npm start/);
  const gone = new FakeTerminal();
  t.is(await runCommand(['status'], { terminal: gone, socket: '/nonexistent/core.sock' }), 6);
  t.regex(gone.notes, /does not answer at \/nonexistent\/core\.sock.*systemctl start gemel-core/);
});

test('shows help for everything, for a group, for a command and for exit codes', async (t) => {
  for (const line of ['', 'help', '--help', '-h']) {
    const { code, output } = await gemel(line);
    t.is(code, 0);
    t.regex(output, /^gemel: one appliance.*\n\nCommands\naccess +user\ncompletion/);
  }
  t.regex((await gemel('network')).output, /^Commands\nbond +create, remove\n/);
  for (const line of ['network bond create --help', 'help network bond create', 'network bond create bond0 -h']) {
    const { output, inputs } = await gemel(line);
    t.deepEqual(inputs, []);
    t.regex(output, /Usage: gemel network bond create NAME MEMBERS… \[OPTIONS\]/);
    t.regex(output, /--mode WORD +Mode; one of 802\.3ad, active-backup; default active-backup\./);
    t.regex(output, /--mtu NUMBER +MTU; from 68 to 9000\./);
    t.regex(output, /--no-learn +default true\./);
  }
  t.regex((await gemel('help exit-codes')).output, /^Exit codes\n0 +Done\.\n1 +Refused/);
});

test('follows events until Ctrl-C', async (t) => {
  const core = new FakeCore();
  await using servers = await openServers(core);
  const terminal = new FakeTerminal();
  const running = gemelAt(servers, core, 'events --prefix network. --json', terminal);
  await until(() => core.subscribers === 1);
  core.publish('network.bond.degraded', { bond: 'bond0' });
  core.publish('time.stepped');
  await until(() => terminal.output !== '');
  terminal.interrupt();
  t.is((await running).code, 0);
  t.deepEqual(
    terminal.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [{ id: 'network.bond.degraded', at: 1000, sequence: 1, source: 'core', payload: { bond: 'bond0' } }],
  );
});

test('does not claim on Ctrl-C that what it asked for was cancelled: an activation goes on', async (t) => {
  const slow: FakeAction = { ...status, run: () => new Promise(() => {}) };
  const core = new FakeCore([slow]);
  await using servers = await openServers(core);
  const terminal = new FakeTerminal();
  const running = gemelAt(servers, core, 'status', terminal);
  await until(() => core.invocations.length === 1);
  terminal.interrupt();
  const { code, notes } = await running;
  t.is(code, 130);
  t.is(notes, 'Interrupted. What was under way may have been done or go on; look before you go on: gemel status\n');
});

test('leaves what is below events to core’s actions', async (t) => {
  const list: FakeAction = { ...status, descriptor: descriptor('events.list') };
  t.is((await gemel('events list', {}, [list])).output, 'Network  ● up\n');
  t.regex((await gemel('events --help', {}, [list])).output, /Usage: gemel events/);
  const wrong = await gemel('events --prefx x', {}, [list]);
  t.is(wrong.code, 2);
  t.regex(wrong.notes, /Did you mean: --prefix/);
});

test('ends with 6 when core leaves while events are followed', async (t) => {
  const core = new FakeCore();
  const servers = await openServers(core);
  const running = gemelAt(servers, core, 'events', new FakeTerminal());
  await until(() => core.subscribers === 1);
  await servers[Symbol.asyncDispose]();
  t.is((await running).code, 6);
});

test('completes words, options and values, and is silent when it can’t', async (t) => {
  const completions: Readonly<Record<string, readonly string[]>> = {
    '__complete n': ['network'],
    '__complete network bond ': ['create', 'remove'],
    '__complete network bond create --m': ['--members', '--mode', '--mtu'],
    '__complete network bond create bond0 --mode ': ['802.3ad', 'active-backup'],
    '__complete network bond create bond0 --mode=a': ['--mode=active-backup'],
    '__complete help network bond r': ['remove'],
    '__complete completion z': ['zsh'],
    '__complete status s': ['show'],
    '__complete events --p': ['--prefix'],
  };
  for (const [line, expected] of Object.entries(completions)) {
    const core = new FakeCore([create, remove, status, statusShow]);
    await using servers = await openServers(core);
    const terminal = new FakeTerminal();
    t.is(await runCommand(line.split(' '), { terminal, socket: servers.path('root') }), 0);
    const words = terminal.output
      .split('\n')
      .filter((word) => word !== '')
      .map((word) => word.split('\t')[0]);
    t.deepEqual(words, [...expected], line);
  }
  const terminal = new FakeTerminal();
  t.is(await runCommand(['__complete', 'n'], { terminal, socket: undefined }), 0);
  t.deepEqual([terminal.output, terminal.notes], ['', '']);
});

test('prints a completion script per shell', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) t.regex((await gemel(`completion ${shell}`)).output, /gemel __complete/);
  t.is((await gemel('completion tcsh')).code, 2);
});
