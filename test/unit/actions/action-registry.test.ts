import { ActionRegistry, type AuditEntry } from '#core/actions/action-registry.js';
import { EventBus } from '#core/bus/event-bus.js';
import { JobRegistry } from '#core/jobs/job-registry.js';
import { type ActionCall, type AnyAction, ApplianceError, type Caller, defineAction, type Role } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';
import { z } from 'zod';
import { collectingLog } from '../kernel/collecting-log.js';
import { memoryUploadStore } from '../uploads/memory-upload-store.js';

const signal = new AbortController().signal;
const caller = (role: Role): Caller => ({ name: 'local:jane', role, surface: 'cli', connectedAt: 0 });

function world() {
  const system = new ScriptedSystem();
  const { log } = collectingLog();
  const bus = new EventBus(system.clock, log);
  const audited: string[] = [];
  const audit = {
    begin: async ({ action, caller: name }: AuditEntry): Promise<string> => {
      audited.push(`begin ${action} ${name}`);
      return action;
    },
    end: async (record: string, outcome: string, message: string) =>
      void audited.push(`${outcome} ${record} ${message}`),
    refused: async (entry: AuditEntry) =>
      void audited.push(`refused ${entry.action} ${entry.caller} ${JSON.stringify(entry.input)}`),
  };
  const jobs = new JobRegistry({ files: system.files, clock: system.clock, bus, log, audit, folder: '/jobs' });
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const registry = new ActionRegistry(jobs, audit, system.clock, memoryUploadStore(system, log));
  registry.add(
    'test',
    defineAction({
      kind: 'call',
      id: 'test.double',
      summary: 'Double a number.',
      role: 'operator',
      input: z.object({ n: z.int().max(10).describe('The number.') }),
      output: z.object({ n: z.number() }),
      positionals: ['n'],
      present: ({ n }) => ({ kind: 'text', text: `${n}` }),
      run: async ({ n }) => {
        if (n === 0) throw new ApplianceError('conflict', 'Nothing doubles zero.');
        if (n < 0) await finished;
        return { n: n * 2 };
      },
    }),
  );
  return { registry, audited, audit, system, finish };
}

const invoke = (registry: ActionRegistry, input: unknown, role: Role = 'operator', view: boolean | 'only' = false) =>
  registry.invoke({ action: 'test.double', input, view }, { caller: caller(role), signal });

test('runs, presents for people when asked, and is audited from begin to end', async (t) => {
  const { registry, audited } = world();
  t.deepEqual(await invoke(registry, { n: 4 }, 'administrator', true), {
    output: { n: 8 },
    view: { kind: 'text', text: '8' },
    reports: [],
  });
  t.deepEqual(audited, ['begin test.double local:jane', 'done test.double ']);
});

test('leaves the output out where only the presentation is wanted', async (t) => {
  const { registry } = world();
  const view = { kind: 'text', text: '8' };
  t.deepEqual(await invoke(registry, { n: 4 }, 'administrator', 'only'), { view, reports: [] });
});

test('refuses a role that is too low, naming both', async (t) => {
  const { registry, audited } = world();
  const error = await t.throwsAsync(invoke(registry, { n: 1 }, 'viewer'), { instanceOf: ApplianceError });
  t.is(error?.code, 'forbidden');
  t.is(error?.message, 'test.double needs the role operator; local:jane has the role viewer.');
  t.deepEqual(audited, ['refused test.double local:jane {"n":1}']);
});

test('an input that does not fit is no way around the record of a refusal, and is not kept', async (t) => {
  const { registry, audited } = world();
  await t.throwsAsync(invoke(registry, { n: 'secret' }, 'viewer'), { code: 'forbidden' });
  t.deepEqual(audited, ['refused test.double local:jane "(not valid)"']);
});

test('refuses input that does not fit, one report per field', async (t) => {
  const { registry } = world();
  const error = await t.throwsAsync(invoke(registry, { n: 11 }), { instanceOf: ApplianceError });
  t.is(error?.code, 'invalid');
  t.deepEqual(
    error?.reports.map(({ path, text }) => [path, text]),
    [['n', 'n: 11 is too large; at most 10 is allowed.']],
  );
});

test('a failing action is audited with its reason', async (t) => {
  const { registry, audited } = world();
  await t.throwsAsync(invoke(registry, { n: 0 }), { message: 'Nothing doubles zero.' });
  t.deepEqual(audited[1], 'failed test.double conflict: Nothing doubles zero.');
});

test('an audit that cannot be written stops the action before it runs', async (t) => {
  const { registry, audit } = world();
  audit.begin = async () => {
    throw new ApplianceError('storage', 'The disk is full.');
  };
  await t.throwsAsync(invoke(registry, { n: 0 }), { message: 'The disk is full.' });
});

/** Of work that goes on when nobody waits for it any more. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('an action that hangs ends at its time limit, and its record when it really does', async (t) => {
  const { registry, system, audited, finish } = world();
  const asked = invoke(registry, { n: -1 });
  const refused = t.throwsAsync(asked, { message: 'test.double did not end within 30 s.' });
  await system.clock.advance(30_000);
  await refused;
  t.deepEqual(audited.slice(1), []);
  finish();
  await settled();
  t.deepEqual(audited.slice(1), ['done test.double its caller was told before: test.double did not end within 30 s.']);
});

test('the record of an action whose caller left says how it went on', async (t) => {
  const { registry, audited, finish } = world();
  const left = new AbortController();
  const call = { caller: caller('operator'), signal: left.signal };
  const asked = registry.invoke({ action: 'test.double', input: { n: -1 }, view: false }, call);
  const refused = t.throwsAsync(asked, { message: 'test.double was cancelled.' });
  await settled();
  left.abort();
  await refused;
  t.deepEqual(audited.slice(1), []);
  finish();
  await settled();
  t.deepEqual(audited.slice(1), ['done test.double its caller was told before: test.double was cancelled.']);
});

test('an action whose caller has left before its turn is not run', async (t) => {
  const { registry, audited, audit } = world();
  const left = new AbortController();
  const begin = audit.begin;
  audit.begin = async (entry) => {
    left.abort();
    return begin(entry);
  };
  const call = { caller: caller('operator'), signal: left.signal };
  await t.throwsAsync(registry.invoke({ action: 'test.double', input: { n: 4 }, view: false }, call));
  await settled();
  t.deepEqual(audited.slice(1), ['failed test.double cancelled: test.double was cancelled.']);
});

test('a job is not done when it starts, and a stream not when it begins', async (t) => {
  const { registry, audited } = world();
  const common = {
    summary: 'Take long.',
    role: 'viewer',
    input: z.object({}),
    output: z.unknown(),
    present: () => ({ kind: 'text', text: '' }) as const,
  } as const;
  const finished = new Promise<void>((resolve) => setImmediate(resolve));
  registry.add('test', defineAction({ ...common, kind: 'job', id: 'test.long', run: () => finished }));
  registry.add(
    'test',
    defineAction({
      ...common,
      kind: 'stream',
      id: 'test.pieces',
      async *run() {
        yield 'one';
        yield 'two';
      },
    }),
  );
  const call = { caller: caller('viewer'), signal };
  await registry.invoke({ action: 'test.long', input: {}, view: false }, call);
  t.deepEqual(audited, ['begin test.long local:jane']);
  await finished;
  await settled();
  t.deepEqual(audited.splice(0), ['begin test.long local:jane', 'done test.long job 1']);
  for (const takesAll of [true, false]) {
    const { stream } = await registry.invoke({ action: 'test.pieces', input: {}, view: false }, call);
    t.deepEqual(audited.splice(0), ['begin test.pieces local:jane']);
    for await (const _piece of stream ?? []) if (!takesAll) break;
    const left = 'failed test.pieces cancelled: its reader left before the end.';
    t.deepEqual(audited.splice(0), [takesAll ? 'done test.pieces ' : left]);
  }
});

test('an unknown action is not found', async (t) => {
  const { registry } = world();
  const error = await t.throwsAsync(
    registry.invoke({ action: 'test.nothing', input: {}, view: false }, { caller: caller('viewer'), signal }),
    { instanceOf: ApplianceError },
  );
  t.is(error?.code, 'not-found');
});

test('describes only what the role may use, with JSON Schema', async (t) => {
  const { registry } = world();
  t.deepEqual(await registry.describe('viewer'), []);
  const [described] = await registry.describe('operator');
  t.like(described, {
    id: 'test.double',
    kind: 'call',
    positionals: ['n'],
    input: {
      type: 'object',
      required: ['n'],
      properties: { n: { type: 'integer', maximum: 10, description: 'The number.' } },
    },
  });
});

test('what is added for later is loaded once, when an action is asked for that is not there', async (t) => {
  const { registry } = world();
  let loaded = 0;
  const triple = defineAction({
    kind: 'call',
    id: 'test.triple',
    summary: 'Triple a number.',
    role: 'viewer',
    input: z.object({ n: z.int().describe('The number.') }),
    output: z.object({ n: z.number() }),
    present: ({ n }) => ({ kind: 'text', text: `${n}` }),
    run: async ({ n }) => ({ n: n * 3 }),
  });
  const isTriple = (id: string) => id === 'test.triple';
  registry.addLater('test', isTriple, async () => {
    loaded++;
    await Promise.resolve();
    registry.add('test', triple);
  });
  await invoke(registry, { n: 4 });
  t.is(loaded, 0);
  const [first, described] = await Promise.all([
    registry.invoke({ action: 'test.triple', input: { n: 2 }, view: false }, { caller: caller('viewer'), signal }),
    registry.describe('viewer'),
  ]);
  t.deepEqual([first.output, described.map(({ id }) => id), loaded], [{ n: 6 }, ['test.triple'], 1]);
});

test('asking for an action loads only those that are added with it, and keeps its id for them', async (t) => {
  const { registry } = world();
  const loaded: string[] = [];
  for (const owner of ['one', 'two']) {
    registry.addLater(
      owner,
      (id) => id.startsWith(`${owner}.`),
      async () => void loaded.push(owner),
    );
  }
  t.is(await registry.find('two.do'), undefined);
  t.deepEqual(loaded, ['two']);
  const action = { ...(await registry.find('test.double')), id: 'one.do' } as AnyAction; // as the world made it
  t.throws(() => registry.add('other', action), { instanceOf: ApplianceError, message: /already provided/ });
});

test('what was added for later and ended before it was loaded is never loaded', async (t) => {
  const { registry } = world();
  const later = registry.addLater(
    'test',
    () => true,
    async () => void t.fail(),
  );
  later[Symbol.dispose]();
  t.is(await registry.find('test.triple'), undefined);
});

/** An action of each kind, which says what became of it. */
function threeKinds(registry: ActionRegistry, heeds: boolean) {
  const seen: string[] = [];
  const common = {
    summary: 'Wait.',
    role: 'viewer',
    audited: false,
    input: z.object({}),
    output: z.unknown(),
    present: () => ({ kind: 'text', text: '' }) as const,
  } as const;
  const aborted = (name: string, { signal: own }: ActionCall) =>
    new Promise<void>((resolve) => {
      own.addEventListener('abort', () => {
        seen.push(name);
        if (heeds) resolve();
      });
    });
  const added = [
    registry.add(
      'guest',
      defineAction({ ...common, kind: 'call', id: 'guest.call', run: (_, own) => aborted('call', own) }),
    ),
    registry.add(
      'guest',
      defineAction({ ...common, kind: 'job', id: 'guest.job', run: (_, own) => aborted('job', own) }),
    ),
    registry.add(
      'guest',
      defineAction({
        ...common,
        kind: 'stream',
        id: 'guest.stream',
        async *run(_, own) {
          yield 'one';
          await aborted('stream', own);
        },
      }),
    ),
  ];
  const call = { caller: caller('viewer'), signal };
  const ask = (kind: string) => registry.invoke({ action: `guest.${kind}`, input: {}, view: false }, call);
  return { seen, ask, remove: () => added.forEach((each) => each[Symbol.dispose]()) };
}

test('calls, jobs and streams end with the owner of their action, and no more are begun', async (t) => {
  const { registry, system } = world();
  const { seen, ask, remove } = threeKinds(registry, true);
  const call = t.notThrowsAsync(ask('call'));
  const { job } = await ask('job');
  const { stream } = await ask('stream');
  const pieces = stream?.[Symbol.asyncIterator]();
  await pieces?.next();
  const last = t.throwsAsync(Promise.resolve(pieces?.next()), { message: /^Plugin guest was ended meanwhile/ });
  await settled();
  await registry.end('guest');
  await Promise.all([call, last]);
  await settled();
  t.deepEqual(seen.sort(), ['call', 'job', 'stream']);
  t.is(registry.jobs.get(job?.id ?? '').state, 'succeeded', 'it came to its end all the same');
  await t.throwsAsync(ask('call'), { code: 'cancelled' });
  remove();
  const tooLate = threeKinds(registry, true);
  await t.throwsAsync(tooLate.ask('call'), { code: 'cancelled' }, 'one that is loaded only now');
  tooLate.remove();
  registry.begin('guest');
  const again = threeKinds(registry, true);
  const next = again.ask('call');
  await settled();
  t.deepEqual(again.seen, [], 'those of its next activation run');
  await registry.end('guest');
  await next;
  t.is(system.clock.pending, 0);
});

test('what heeds no signal is not waited for any longer than 5 s when its owner ends', async (t) => {
  const { registry, system } = world();
  const { seen, ask } = threeKinds(registry, false);
  void ask('job');
  await settled();
  const ended = registry.end('guest');
  await system.clock.advance(5_000);
  await ended;
  t.deepEqual(seen, ['job']);
});
