import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { libexec, ScriptFolder } from '../script-folder.js';

const all = ['central.00000001', 'central.qi', 'gone.00000001', 'journal-cursor', 'running'];

/** Ends rsyslogd with these files rendered. @returns what is left of queues, and the place in the journal. */
async function leftAfter(t: ExecutionContext, rendered: Readonly<Record<string, string>>, result = 'success') {
  const host = new ScriptFolder(t);
  for (const name of all) host.put(`queues/${name}`, '');
  for (const [name, content] of Object.entries(rendered)) host.put(`rendered/${name}`, content);
  const env = host.environment({
    GEMEL_LOG_QUEUES: host.path('queues'),
    GEMEL_RSYSLOG: host.path('rendered'),
    SERVICE_RESULT: result,
  });
  t.is((await host.run(join(libexec, 'gemel-log-stopped'), [], env)).code, 0);
  return readdirSync(host.path('queues')).toSorted();
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
