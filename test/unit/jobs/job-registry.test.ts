import { EventBus } from '#core/bus/event-bus.js';
import { JobRegistry } from '#core/jobs/job-registry.js';
import { type Caller, defineAction, type JobAction, type JobCall } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';
import { z } from 'zod';
import { collectingLog } from '../kernel/collecting-log.js';

const caller: Caller = { name: 'local:jane', role: 'operator', surface: 'cli', connectedAt: 0 };

type Run = (call: JobCall) => Promise<unknown>;

function job(run: Run, resume?: (call: JobCall, saved: unknown) => Promise<unknown>): JobAction<unknown, unknown> {
  const action = defineAction({
    kind: 'job',
    id: 'test.long',
    summary: 'Take long.',
    role: 'operator',
    input: z.object({}),
    output: z.unknown(),
    present: () => ({ kind: 'text', text: '' }),
    run: async (_input, call) => run(call),
    ...(resume === undefined
      ? {}
      : { resume: async (_input: unknown, call: JobCall, saved: unknown) => resume(call, saved) }),
  });
  if (action.kind !== 'job') throw new Error('not a job');
  return action;
}

function world(system = new ScriptedSystem()) {
  const { log, lines } = collectingLog();
  const bus = new EventBus(system.clock, log);
  const told: string[] = [];
  bus.onAny('test', 'job.', (payload, event) =>
    told.push(`${event.id} ${z.object({ state: z.string() }).parse(payload).state}`),
  );
  const recorded: string[] = [];
  const audit = { end: async (...end: readonly string[]) => void recorded.push(end.join(' ')) };
  return {
    jobs: new JobRegistry({ files: system.files, clock: system.clock, bus, log, audit, folder: '/jobs' }),
    system,
    recorded,
    told,
    lines,
  };
}

const settled = async (jobs: JobRegistry, id: string) => {
  do await new Promise((resolve) => setImmediate(resolve));
  while (jobs.get(id).state === 'running');
  return jobs.get(id);
};

test('a job ends with its output, its log and full progress', async (t) => {
  const { jobs, told } = world();
  const { id } = await jobs.start(
    job(async (call) => {
      call.progress(0.5, 'half');
      call.log('a line');
      return { figure: 42 };
    }),
    {},
    caller,
  );
  const ended = await settled(jobs, id);
  t.like(ended, { state: 'succeeded', fraction: 1, message: 'done', output: { figure: 42 }, log: ['a line'] });
  t.deepEqual(told, ['job.started running', 'job.progressed running', 'job.ended succeeded']);
});

test('a job that throws keeps the reason', async (t) => {
  const { jobs } = world();
  const { id } = await jobs.start(
    job(() => Promise.reject(new Error('the disk is gone'))),
    {},
    caller,
  );
  t.like(await settled(jobs, id), { state: 'failed', message: 'the disk is gone', error: { code: 'internal' } });
});

test('cancelling aborts the signal and waits for the end', async (t) => {
  const { jobs } = world();
  const { id } = await jobs.start(
    job(
      (call) =>
        new Promise((_, reject) => {
          call.signal.addEventListener('abort', () => reject(call.signal.reason as Error), { once: true });
        }),
    ),
    {},
    caller,
  );
  t.like(await jobs.cancel(id), { state: 'cancelled', message: 'The job was cancelled.' });
  await t.throwsAsync(jobs.cancel(id), { message: `Job ${id} has already ended.` });
});

test('after a restart a resumable job goes on from what it saved', async (t) => {
  const first = world();
  const forever: Run = async (call) => {
    await call.save({ step: 3 });
    return new Promise(() => {});
  };
  const { id } = await first.jobs.start(job(forever), {}, caller);
  await new Promise((resolve) => setImmediate(resolve));
  const second = world(first.system.afterCrash());
  await second.jobs.load();
  await second.jobs.recover(async () => job(forever, async (_call, saved) => ({ wentOnFrom: saved })));
  t.like(await settled(second.jobs, id), { state: 'succeeded', output: { wentOnFrom: { step: 3 } } });
});

test('after a restart a job that cannot resume is interrupted, and new jobs get new numbers', async (t) => {
  const first = world();
  const { id } = await first.jobs.start(
    job(() => new Promise(() => {})),
    {},
    caller,
  );
  const second = world(first.system.afterCrash());
  await second.jobs.load();
  await second.jobs.recover(async () => undefined);
  t.like(second.jobs.get(id), { state: 'interrupted', message: 'Core was restarted while the job ran.' });
  const next = await second.jobs.start(
    job(async () => null),
    {},
    caller,
  );
  t.not(next.id, id);
  await settled(second.jobs, next.id);
});

test('a full disk refuses a new job instead of losing it later', async (t) => {
  const { jobs, system } = world();
  system.faults.failAt(system.faults.journal.length + 1);
  await t.throwsAsync(
    jobs.start(
      job(async () => null),
      {},
      caller,
    ),
    { code: 'storage' },
  );
  t.deepEqual(jobs.list(), []);
});

test('a damaged record is set aside and the rest is read', async (t) => {
  const { jobs, system } = world(new ScriptedSystem({ files: { '/jobs/7.json': '{"job":' } }));
  await jobs.load();
  t.deepEqual(jobs.list(), []);
  t.deepEqual(await system.files.list('/jobs'), ['7.json.damaged']);
});

test('nothing of what a job was given or kept for a restart stays on disk when it has ended', async (t) => {
  const { jobs, system } = world();
  const { id } = await jobs.start(
    job(async (call) => {
      await call.save({ password: 'hunter2 twice' });
      t.true(JSON.stringify(system.files.contents()).includes('hunter2 twice'));
    }),
    { password: 'hunter2' },
    caller,
  );
  await settled(jobs, id);
  t.is(jobs.get(id).state, 'succeeded');
  t.false(JSON.stringify(system.files.contents()).includes('hunter2'));
});

test('a job whose end cannot be recorded has ended all the same, and whoever waits is told', async (t) => {
  const { jobs, system, told, lines } = world();
  system.faults.failAt(2);
  const { id } = await jobs.start(
    job(async () => 42),
    {},
    caller,
  );
  await settled(jobs, id);
  t.deepEqual(told, ['job.started running', 'job.ended succeeded']);
  t.true(lines.some((line) => JSON.stringify(line).includes('the end of a job could not be kept')));
});

test('job records that cannot be read, or not be set aside, stop no start and keep their numbers', async (t) => {
  const system = new ScriptedSystem({
    files: { '/jobs/7.json': 'torn', '/jobs/9.json/what': '', '/jobs/3.json': 'torn' },
  });
  const { jobs } = world(system);
  system.faults.failAt(1);
  await jobs.load();
  const { id } = await jobs.start(
    job(async () => 42),
    {},
    caller,
  );
  t.is(id, '10');
  await settled(jobs, id);
});

test('a full data volume does not stop the start that finds an interrupted job', async (t) => {
  const first = world();
  const { id } = await first.jobs.start(
    job(() => new Promise(() => {})),
    {},
    caller,
  );
  const second = world(first.system.afterCrash());
  await second.jobs.load();
  second.system.faults.failAt(1);
  await second.jobs.recover(async () => undefined);
  t.like(second.jobs.get(id), { state: 'interrupted' });
});

test('a job that does not heed its signal is not waited for when core ends', async (t) => {
  const { jobs, system } = world();
  await jobs.start(
    job(() => new Promise(() => {})),
    {},
    caller,
  );
  const ending = jobs[Symbol.asyncDispose]();
  await system.clock.advance(5_000);
  await ending;
  t.is(system.clock.pending, 0);
});

test('the audit log says of a job how it ended, when it has', async (t) => {
  const { jobs, recorded } = world();
  const { promise, resolve } = Promise.withResolvers<void>();
  const good = await jobs.start(
    job(() => promise),
    {},
    caller,
    { record: 'a' },
  );
  const bad = await jobs.start(
    job(() => Promise.reject(new Error('the disk is gone'))),
    {},
    caller,
    { record: 'b' },
  );
  await settled(jobs, bad.id);
  t.deepEqual(recorded, ['b failed job 2: internal: the disk is gone']);
  resolve();
  await settled(jobs, good.id);
  t.deepEqual(recorded.slice(1), ['a done job 1']);
});

test('the audit log says it also of a job that ends after a restart of core', async (t) => {
  const first = world();
  const forever: Run = () => new Promise(() => {});
  await first.jobs.start(job(forever), {}, caller, { record: 'a' });
  await first.jobs.start(job(forever), {}, caller, { record: 'b' });
  const second = world(first.system.afterCrash());
  await second.jobs.load();
  let asked = 0;
  await second.jobs.recover(async () => (++asked === 1 ? job(forever, async () => null) : undefined));
  await settled(second.jobs, '1');
  t.deepEqual(second.recorded.sort(), [
    'a done job 1',
    'b failed job 2: interrupted: Core was restarted while the job ran.',
  ]);
});

test('a record that cannot be removed refuses the next job, and does not leave one running that its caller knows nothing of', async (t) => {
  const { jobs, system } = world();
  for (let count = 0; count < 101; count += 1) {
    const { id } = await jobs.start(
      job(async () => null),
      {},
      caller,
    );
    await settled(jobs, id);
  }
  system.faults.failAt(system.faults.journal.length + 1);
  let ran = false;
  await t.throwsAsync(
    jobs.start(
      job(async () => (ran = true)),
      {},
      caller,
    ),
    { code: 'storage' },
  );
  t.deepEqual([ran, jobs.list().filter(({ state }) => state === 'running')], [false, []]);
});
