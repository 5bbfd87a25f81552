import { SystemCommandRunner } from '#core/system/command-runner.js';
import { redact } from '#core/system/redact.js';
import test from 'ava';

const log = new URL(import.meta.resolve('#core/system/log.js')).href;

async function lines(journald: boolean): Promise<readonly string[]> {
  const environment = journald ? `{ JOURNAL_STREAM: '8:1' }` : '{}';
  const script = `
    import { createLog } from '${log}';
    const log = createLog(${environment});
    log.debug({}, 'unseen');
    log.info({ bond: 'bond0' }, 'one\\ntwo');
    log.warn({ password: 'hunter2' }, 'careful');
    log.error({ error: new Error('broken', { cause: new TypeError('deep') }) }, 'failed');`;
  const { stdout } = await new SystemCommandRunner().run([process.execPath, '--input-type=module', '-e', script]);
  return stdout.trim().split('\n');
}

test('under journald each line carries its priority and no time of its own', async (t) => {
  const [info, warning, error] = await lines(true);
  t.is(info, '<6>{"level":"info","bond":"bond0","msg":"one\\ntwo"}');
  t.is(warning, '<4>{"level":"warn","password":"[secret]","msg":"careful"}');
  t.regex(
    error ?? '',
    /^<3>\{"level":"error","error":\{"name":"Error","message":"broken",.*"cause":\{"name":"TypeError"/,
  );
});

test('elsewhere each line is plain JSON with the time', async (t) => {
  const parsed = (await lines(false)).map((line) => JSON.parse(line));
  t.deepEqual(
    parsed.map(({ level, msg }) => [level, msg]),
    [
      ['info', 'one\ntwo'],
      ['warn', 'careful'],
      ['error', 'failed'],
    ],
  );
  t.true(parsed.every(({ time }) => !Number.isNaN(Date.parse(time))));
});

test('masks secrets at any depth and survives values that JSON does not know', (t) => {
  const deep = {
    users: [{ name: 'jane', passwordHash: 'kept', apiToken: 'abc' }],
    big: 12n,
    psk: 'x',
    sessionSecret: 1,
  };
  t.deepEqual(redact(deep), {
    users: [{ name: 'jane', passwordHash: 'kept', apiToken: '[secret]' }],
    big: '12',
    psk: '[secret]',
    sessionSecret: '[secret]',
  });
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  t.notThrows(() => JSON.stringify(redact(circle)));
});

test('opens no stream for standard output', async (t) => {
  const script = `
    import { createLog } from '${log}';
    createLog({}).info({ opened: process._getActiveHandles().some(({ fd }) => fd === 1) }, 'written');`;
  const { stdout } = await new SystemCommandRunner().run([process.execPath, '--input-type=module', '-e', script]);
  t.false(JSON.parse(stdout).opened);
});
