import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';

const script = join(import.meta.dirname, '../../../../systemd/libexec/gemel-log-stopped');
const all = ['central.00000001', 'central.qi', 'gone.00000001', 'journal-cursor', 'running'];

/** Ends rsyslogd with these files rendered. @returns what is left of queues, and the place in the journal. */
async function leftAfter(t: ExecutionContext, rendered: Readonly<Record<string, string>>, result = 'success') {
  const folder = mkdtempSync(join(tmpdir(), 'gemel-queues-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [queues, configuration] = [join(folder, 'queues'), join(folder, 'rendered')];
  for (const made of [queues, configuration]) mkdirSync(made);
  for (const name of all) writeFileSync(join(queues, name), '');
  for (const [name, content] of Object.entries(rendered)) writeFileSync(join(configuration, name), content);
  const env = { PATH: '/usr/bin:/bin', GEMEL_LOG_QUEUES: queues, GEMEL_RSYSLOG: configuration, SERVICE_RESULT: result };
  await promisify(execFile)('sh', [script], { env });
  return readdirSync(queues).toSorted();
}

test('a rsyslogd that is only started anew leaves everything, and that it ended in order', async (t) => {
  t.deepEqual(
    await leftAfter(t, { 'rsyslog.conf': '' }),
    all.filter((name) => name !== 'running'),
  );
  t.deepEqual(await leftAfter(t, { 'rsyslog.conf': '' }, 'signal'), all);
});

test('what waits for a receiver that is switched off stays, when no other one is left', async (t) => {
  t.deepEqual(await leftAfter(t, { 'kept-queues': 'central other\n' }), ['central.00000001', 'central.qi']);
  t.deepEqual(await leftAfter(t, { 'kept-queues': 'central other\n' }, 'signal'), [
    'central.00000001',
    'central.qi',
    'running',
  ]);
});

test('when no destination is entered any more nothing is kept', async (t) => {
  t.deepEqual(await leftAfter(t, {}), []);
});
