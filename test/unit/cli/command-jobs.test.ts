import test from 'ava';
import { principals } from '#core/ipc/principals.js';
import { type Job } from '#core/sdk/index.js';
import { descriptor, type FakeAction, FakeCore } from '../ipc/fake-core.js';
import { openServers } from '../ipc/open-servers.js';
import { FakeTerminal } from './fake-terminal.js';
import { gemel, gemelAt, until } from './example-commands.js';

/** Runs as many looks as there are states, then stays with the last. */
function job(...states: readonly Partial<Job>[]): readonly FakeAction[] {
  const base: Job = {
    id: '7',
    action: 'test.long',
    caller: 'local:root',
    state: 'running',
    fraction: null,
    message: 'started',
    startedAt: 0,
    endedAt: null,
    log: [],
  };
  let looks = 0;
  const shown = () => ({ ...base, ...states[Math.min(looks++, states.length - 1)] });
  return [
    { descriptor: descriptor('test.long', { kind: 'job' }), run: () => ({ job: base, reports: [] }) },
    { descriptor: descriptor('jobs.show'), run: () => ({ output: shown(), reports: [] }) },
    {
      descriptor: descriptor('jobs.result'),
      run: () => ({ output: {}, view: { kind: 'text', text: '5 bytes were copied.' }, reports: [] }),
    },
  ];
}

const halfWay: Partial<Job> = { fraction: 0.5, message: 'copying', log: ['first line'] };
const succeeded: Partial<Job> = {
  state: 'succeeded',
  message: 'done',
  log: ['first line'],
  output: { bytes: 5 },
  fraction: 1,
};

test('follows a job: lines where there is no terminal, a bar where there is one, then what it gave; only that with --json', async (t) => {
  const plain = await gemel('test long', {}, job(halfWay, succeeded));
  t.deepEqual([plain.code, plain.notes], [0, 'started\nfirst line\n 50 % copying\n● done (job 7)\n']);
  t.is(plain.output, '5 bytes were copied.\n');
  const drawn = await gemel('test long', { notesOnTerminal: true, columns: 80 }, job(halfWay, succeeded));
  t.regex(drawn.notes, /█{12}░{12}  50 % copying/);
  const json = await gemel('test long --json', {}, job(halfWay, succeeded));
  t.deepEqual([JSON.parse(json.output), json.notes], [{ bytes: 5 }, '']);
});

test('ends with the job’s own failure', async (t) => {
  const error = { code: 'engine-failed', message: 'RAUC refused the bundle.', reports: [] };
  const { code, notes } = await gemel('test long', {}, job({ state: 'failed', message: error.message, error }));
  t.is(code, 7);
  t.regex(notes, /RAUC refused the bundle/);
  t.is((await gemel('test long', {}, job({ state: 'cancelled', message: 'x' }))).code, 9);
});

test('leaves a job running on Ctrl-C and on --detach, and says how to find it', async (t) => {
  const core = new FakeCore(job(halfWay));
  await using servers = await openServers(core);
  const terminal = new FakeTerminal();
  const running = gemelAt(servers, core, 'test long', terminal);
  await until(() => terminal.notes.includes('copying'));
  terminal.interrupt();
  const { code, notes } = await running;
  t.is(code, 130);
  t.regex(notes, /Job 7 goes on\. See it: gemel jobs show 7\./);
  t.false(core.invocations.some(({ action }) => action === 'jobs.cancel'));

  const detached = await gemel('test long --detach', {}, job(halfWay));
  t.is(detached.code, 0);
  t.regex(detached.output, /gemel jobs show 7/);
});

test('goes on following a job over a restart of core', async (t) => {
  const core = new FakeCore(job(halfWay, halfWay, halfWay, succeeded));
  await using servers = await openServers(core);
  const terminal = new FakeTerminal();
  const running = gemelAt(servers, core, 'test long', terminal);
  await until(() => terminal.notes.includes('copying'));
  await servers.servers.close('root');
  await new Promise((resolve) => setTimeout(resolve, 300));
  await servers.servers.open(principals.root);
  t.is((await running).code, 0);
});
