import { ApplianceError, type Caller } from '#core/sdk/index.js';
import { defineAction } from '@gemel/core/sdk';
import test from 'ava';
import { z } from 'zod';
import { jane, type UploadWorld, until, uploadWorld } from './upload-world.js';

const { signal } = new AbortController();
const nothing = () => undefined;

async function sent({ api }: UploadWorld, action: string, text = 'hello', caller: Caller = jane): Promise<string> {
  const files = [{ name: 'a.txt', bytes: Buffer.byteLength(text) }];
  const upload = await api.upload({ action, field: 'file', files }, caller, nothing);
  await upload.append(0, Buffer.from(text));
  return upload.value;
}

const invoke = ({ api }: UploadWorld, action: string, input: unknown, caller: Caller = jane) =>
  api.invoke({ action, input, view: false }, { caller, signal });

test('an action gets the path of what was sent; it is gone when the action has ended', async (t) => {
  await using world = await uploadWorld();
  await invoke(world, 'test.read', { file: await sent(world, 'test.read') });
  const path = world.seen[0]?.path ?? '';
  t.regex(path, /\/uploads\/reader\/[0-9a-f]{32}\/a\.txt$/);
  t.deepEqual(world.seen, [{ path, texts: ['hello'] }]);
  t.deepEqual(world.audited, [{ file: path }], 'the record names the file, not a number that means nothing');
  t.deepEqual(await world.left(), []);
});

test('it is gone as well when the action fails', async (t) => {
  await using world = await uploadWorld();
  await t.throwsAsync(invoke(world, 'test.refuse', { file: await sent(world, 'test.refuse') }));
  t.deepEqual(await world.left(), []);
});

test('an action that goes on after its caller has left still has it, and then it goes', async (t) => {
  await using world = await uploadWorld();
  const file = await sent(world, 'test.late');
  const caller = new AbortController();
  const call = { caller: jane, signal: caller.signal };
  const answer = world.api.invoke({ action: 'test.late', input: { file }, view: false }, call);
  const refused = t.throwsAsync(answer, { code: 'cancelled' });
  await until(() => world.audited.length > 0);
  await new Promise((resolve) => setImmediate(resolve));
  caller.abort();
  await refused;
  t.deepEqual(await world.left(), ['a.txt']);
  world.finish();
  await until(async () => (await world.left()).length === 0);
  t.deepEqual(world.seen[0]?.texts, ['hello']);
});

test('a job has it until it ends, whatever becomes of the connection', async (t) => {
  await using world = await uploadWorld();
  const files = [{ name: 'a.txt', bytes: 1 }];
  const upload = await world.api.upload({ action: 'test.long', field: 'file', files }, jane, nothing);
  await upload.append(0, Buffer.from('x'));
  const { job } = await invoke(world, 'test.long', { file: upload.value });
  await upload[Symbol.asyncDispose]();
  t.deepEqual(await world.left(), ['a.txt']);
  world.finish();
  await until(() => world.jobs.get(job?.id ?? '').state !== 'running');
  t.deepEqual([world.jobs.get(job?.id ?? '').state, world.seen[0]?.texts], ['succeeded', ['x']]);
  await until(async () => (await world.left()).length === 0);
});

test('a job that goes on after a restart of core still has it, and then it goes', async (t) => {
  await using before = await uploadWorld();
  await invoke(before, 'test.long', { file: await sent(before, 'test.long') });
  await before.jobs[Symbol.asyncDispose]();
  await using after = await uploadWorld({ folder: before.folder });
  await after.jobs.load();
  await after.store.tidy(after.jobs.folders());
  t.deepEqual(await after.left(), ['a.txt']);
  await after.jobs.recover(async (id) => {
    const action = await after.registry.find(id);
    return action?.kind === 'job' ? action : undefined;
  });
  await until(() => after.jobs.list()[0]?.state !== 'running');
  t.deepEqual(after.seen[0]?.texts, ['hello']);
  t.deepEqual(after.jobs.folders(), []);
  await until(async () => (await after.left()).length === 0);
});

test('a job that cannot go on after a restart leaves nothing', async (t) => {
  await using before = await uploadWorld();
  await invoke(before, 'test.long', { file: await sent(before, 'test.long') });
  await before.jobs[Symbol.asyncDispose]();
  await using after = await uploadWorld({ folder: before.folder });
  await after.jobs.load();
  await after.jobs.recover(async () => undefined);
  t.is(after.jobs.list()[0]?.state, 'interrupted');
  t.deepEqual(await after.left(), []);
});

test('a job that cannot be recorded leaves nothing', async (t) => {
  await using world = await uploadWorld();
  const file = await sent(world, 'test.long');
  Object.assign(world.jobs, {
    start: async () => {
      throw new ApplianceError('storage', 'The medium is full.');
    },
  });
  await t.throwsAsync(invoke(world, 'test.long', { file }), { message: 'The medium is full.' });
  t.deepEqual(await world.left(), []);
});

test('a path on the appliance is given to the action as it is', async (t) => {
  await using world = await uploadWorld();
  await t.throwsAsync(invoke(world, 'test.read', { file: '/nonexistent/a.txt' }), { message: /ENOENT/ });
  t.deepEqual(world.audited, [{ file: '/nonexistent/a.txt' }]);
});

test('a relative path is refused, saying what fits', async (t) => {
  await using world = await uploadWorld();
  const error = await t.throwsAsync(invoke(world, 'test.read', { file: 'a.txt' }), { instanceOf: ApplianceError });
  t.is(error.reports[0]?.text, 'file: must be an absolute path, or what was sent before.');
});

test('a text that begins like an upload stays a text where no file is taken', async (t) => {
  await using world = await uploadWorld();
  const file = await sent(world, 'test.read');
  await invoke(world, 'test.read', { file, remark: 'upload:later' });
  t.like(world.audited[0], { remark: 'upload:later' });
});

test('whoever may not run the action sends nothing for it', async (t) => {
  await using world = await uploadWorld();
  const error = await t.throwsAsync(sent(world, 'test.admin'), { instanceOf: ApplianceError });
  t.deepEqual(
    [error.code, error.message],
    ['forbidden', 'test.admin needs the role administrator; local:jane has the role operator.'],
  );
  t.deepEqual(await world.left(), []);
});

test('nothing is sent for an action, a field or a stream that takes none', async (t) => {
  await using world = await uploadWorld();
  world.registry.add(
    'reader',
    defineAction({
      kind: 'stream',
      id: 'test.stream',
      summary: 'Stream.',
      role: 'viewer',
      input: z.object({ file: z.string().meta({ callerFile: { mostBytes: 9, inPlace: [] } }) }),
      output: z.object({}),
      present: () => ({ kind: 'text', text: '' }),
      async *run() {
        yield 'x';
      },
    }),
  );
  const files = [{ name: 'a.txt', bytes: 1 }];
  const wrong = [
    ['test.none', 'file', 'not-found'],
    ['test.read', 'remark', 'invalid'],
    ['test.read', 'constructor', 'invalid'],
    ['test.stream', 'file', 'invalid'],
  ] as const;
  for (const [action, field, code] of wrong) {
    const begun = world.api.upload({ action, field, files }, jane, nothing);
    const error = await t.throwsAsync(begun, { instanceOf: ApplianceError });
    t.is(error.code, code, `${action} ${field}`);
  }
});
