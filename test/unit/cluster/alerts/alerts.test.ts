import { execFileSync } from 'node:child_process';
import { ScriptedSystem } from '@gemel/core/testing';
import { type Alert, parseAlert } from '#cluster/alerts/alert.js';
import { alertFolder, watchAlerts } from '#cluster/alerts/alert-folder.js';
import test from 'ava';

const log = { debug() {}, info() {}, warn() {}, error() {} };

const file = (values: Readonly<Record<string, string | number>>) =>
  `${Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')}end\n`;
const lost = file({
  kind: 'node',
  node: 'node2',
  nodeid: 2,
  desc: 'lost',
  timestamp_epoch: 1_795_307_454,
  usec: 293_133,
});
const start = file({
  kind: 'resource',
  node: 'node1',
  desc: 'OK',
  task: 'start',
  rsc: 'site-shop',
  rc: 0,
  target_rc: 0,
  status: 0,
  interval: 0,
  exec_time: 7,
  timestamp_epoch: 1_795_307_372,
  usec: '005000',
});

test('reads what happened to nodes and resources', (t) => {
  t.deepEqual(parseAlert(lost), { kind: 'node', at: 1_795_307_454_293, node: 'node2', state: 'lost' });
  t.deepEqual(parseAlert(start), {
    kind: 'resource',
    at: 1_795_307_372_005,
    node: 'node1',
    resource: 'site-shop',
    task: 'start',
    succeeded: true,
    description: 'OK',
    intervalMs: 0,
    tookMs: 7,
  });
});

test('an operation that gave something else than expected failed', (t) => {
  const alert = parseAlert(start.replace('rc=0', 'rc=1'));
  t.true(alert?.kind === 'resource' && !alert.succeeded);
});

test('a cancelled monitor is no news, and neither is what is not written to its end', (t) => {
  t.is(parseAlert(start.replace('status=0', 'status=1')), undefined);
  t.is(parseAlert(start.slice(0, -4)), undefined);
  t.is(parseAlert(''), undefined);
});

test('reads what is there and what comes, in the order of time, and removes it', async (t) => {
  const system = new ScriptedSystem({ files: { [`${alertFolder}/2`]: lost, [`${alertFolder}/1`]: start } });
  const heard: (readonly Alert[])[] = [];
  const watch = watchAlerts({ files: system.files, clock: system.clock, log }, (alerts) => heard.push(alerts));
  await system.clock.advance(10);
  t.deepEqual(
    heard.map((alerts) => alerts.map(({ kind }) => kind)),
    [['resource', 'node']],
  );
  await system.files.write(`${alertFolder}/3`, lost);
  await system.clock.advance(10);
  t.is(heard.length, 2);
  t.deepEqual(await system.files.list(alertFolder), []);
  watch[Symbol.dispose]();
  t.notThrows(() => system.verify());
});

test('waits for the end of a file, but not for ever', async (t) => {
  const system = new ScriptedSystem({ files: { [`${alertFolder}/1`]: 'kind=node\n' } });
  const heard: (readonly Alert[])[] = [];
  const watch = watchAlerts({ files: system.files, clock: system.clock, log }, (alerts) => heard.push(alerts));
  await system.clock.advance(10);
  t.deepEqual(await system.files.list(alertFolder), ['1']);
  await system.clock.advance(2_500);
  t.deepEqual(await system.files.list(alertFolder), []);
  t.deepEqual(heard, []);
  watch[Symbol.dispose]();
  t.notThrows(() => system.verify());
});

test('the agent is a shell script without a mistake in it', (t) => {
  const path = new URL('../../../../../systemd/libexec/gemel-alert', import.meta.url).pathname;
  t.notThrows(() => execFileSync('sh', ['-n', path]));
});
