import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type SiteRecord, writeSite } from '#sites/site/site-record.js';
import { renderHealth, renderUnit } from '#sites/version/version-unit.js';
import test, { type ExecutionContext } from 'ava';
import { ScriptHost } from './script-host.js';
import { metadataOf } from './world.js';

const repository = join(import.meta.dirname, '../../../..');
const unit = 'gemel-site@demo.service';
const record: SiteRecord = {
  format: 1,
  type: 'prometheus',
  version: '2.53.3',
  generation: 1,
  port: 8001,
  uid: 70_000,
  memoryMiB: 512,
  cpuPercent: 100,
  autostart: true,
  login: null,
  createdAt: 0,
  previous: null,
};

function withDemo(t: ExecutionContext): ScriptHost {
  const host = new ScriptHost(t);
  for (const version of ['2.42.0', '2.53.3']) {
    const folder = `/var/lib/gemel/site-versions/prometheus/${version}`;
    host.put(`${folder}/unit.conf`, renderUnit(metadataOf(version)));
    host.put(`${folder}/health.env`, renderHealth(metadataOf(version)));
  }
  host.put('/srv/gemel/sites/demo/site.json', writeSite(record));
  return host;
}

const trying: SiteRecord = {
  ...record,
  generation: 4,
  previous: { version: '2.42.0', generation: 1 },
  trial: { previous: { version: '2.37.0', generation: 3 } },
};

const rendered = (host: ScriptHost) => ({
  asked: /^PORT=(\d+)$/m.exec(host.read('/run/gemel/sites/demo.env'))?.[1],
  allowed: /^SocketBindAllow=tcp:(\d+)$/m.exec(host.read(`/run/systemd/system/${unit}.d/site.conf`))?.[1],
  memory: /^MemoryMax=(\w+)$/m.exec(host.read(`/run/systemd/system/${unit}.d/site.conf`))?.[1],
});

test('a site that runs keeps the port that it listens at, and takes up its budgets at once', async (t) => {
  const host = withDemo(t);
  await host.start('gemel-site-render', 'demo');
  for (const state of ['active', 'activating', 'deactivating']) {
    host.unit(unit, state);
    host.put('/srv/gemel/sites/demo/site.json', writeSite({ ...record, port: 9000, memoryMiB: 1_024 }));
    t.is((await host.start('gemel-site-render', 'demo')).code, 0);
    t.deepEqual(rendered(host), { asked: '8001', allowed: '8001', memory: '1024M' }, state);
  }
  for (const state of ['inactive', 'failed']) {
    host.put('/srv/gemel/sites/demo/site.json', writeSite({ ...record, port: state === 'failed' ? 9001 : 9000 }));
    host.unit(unit, state);
    await host.start('gemel-site-render', '--all');
    t.is(rendered(host).asked, state === 'failed' ? '9001' : '9000', state);
    t.is(rendered(host).allowed, rendered(host).asked, state);
  }
});

test('what has not changed is not rendered again, and systemd is not asked', async (t) => {
  const host = withDemo(t);
  t.is((await host.start('gemel-site-render', 'demo')).said, 'demo\n');
  const before = host.read('record');
  t.deepEqual(await host.start('gemel-site-render', 'demo'), { code: 0, said: '' });
  t.is(host.read('record'), before);
});

const inForce = (host: ScriptHost) => {
  const conf = host.read(`/run/systemd/system/${unit}.d/site.conf`);
  return [/site-versions\/prometheus\/([\d.]+)\//.exec(conf)?.[1], /\/data\/(\d+):\/data$/m.exec(conf)?.[1]];
};

test('an update that was not tried to its end is not in force: at boot, and on the node that takes over', async (t) => {
  const host = withDemo(t);
  host.put('/srv/gemel/sites/demo/site.json', writeSite(trying));
  t.is((await host.start('gemel-sites-start')).code, 0);
  t.deepEqual(inForce(host), ['2.42.0', '1']);
  t.deepEqual(host.asked().slice(-1), [`start --no-block ${unit}`]);
  await host.start('gemel-site-render', 'demo');
  t.deepEqual(inForce(host), ['2.42.0', '1']);
});

test('the device that tries an update out renders it, whoever starts the site, until that has ended', async (t) => {
  const host = withDemo(t);
  host.put('/srv/gemel/sites/demo/site.json', writeSite(trying));
  t.is((await host.start('gemel-site-render', '--trial', 'demo')).code, 0);
  t.deepEqual(inForce(host), ['2.53.3', '4']);
  await host.start('gemel-site-render', 'demo');
  t.deepEqual(inForce(host), ['2.53.3', '4']);
  host.put('/srv/gemel/sites/demo/site.json', writeSite(record));
  await host.start('gemel-site-render', 'demo');
  t.deepEqual(inForce(host), ['2.53.3', '1']);
  host.put('/srv/gemel/sites/demo/site.json', writeSite(trying));
  await host.start('gemel-site-render', 'demo');
  t.deepEqual(inForce(host), ['2.42.0', '1']);
});

test('what the health check signs in with is rendered for nobody but root to read', async (t) => {
  const host = withDemo(t);
  host.put('/srv/gemel/sites/demo/site.json', writeSite({ ...record, login: 'admin', healthLogin: 'X2dlbWVs' }));
  await host.start('gemel-site-render', 'demo');
  t.regex(host.read('/run/gemel/sites/demo.env'), /^HEALTH_LOGIN=X2dlbWVs$/m);
  t.is(host.mode('/run/gemel/sites/demo.env'), 0o600);
  t.is(host.mode(`/run/systemd/system/${unit}.d/site.conf`), 0o644);
});

/** A site whose login stands before everything; who signs in learns that it is not ready, or that it is. */
async function siteWithLogin(t: ExecutionContext, ready: boolean): Promise<number> {
  const server = createServer(({ headers }, response) => {
    response.writeHead(headers.authorization === 'Basic right' ? (ready ? 200 : 503) : 401).end();
  });
  t.teardown(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('the health check signs in, and being refused is no health', async (t) => {
  const host = withDemo(t);
  const [ready, opening] = [await siteWithLogin(t, true), await siteWithLogin(t, false)];
  const ask = async (port: number, ...lines: readonly string[]) => {
    const known = ['URL_PATH=/demo/', 'HEALTH_PATH="-/ready"', 'HEALTH_STATUSES="200"', 'HEALTH_SECONDS="60"'];
    host.put('/run/gemel/sites/demo.env', [`PORT=${port}`, ...known, ...lines, ''].join('\n'));
    return host.start('gemel-site-health', 'demo');
  };
  const [signIn, login] = ['HEALTH_SIGN_IN="yes"', 'HEALTH_LOGIN=right'];
  t.is((await ask(ready, signIn, login)).code, 0);
  t.deepEqual(await ask(opening, signIn, login), {
    code: 1,
    said: 'not healthy: /demo/-/ready answers 503 instead of 200\n',
  });
  t.is((await ask(ready, signIn, 'HEALTH_LOGIN=wrong')).code, 1);
  t.is((await ask(opening, signIn)).code, 0, 'a login that was set otherwise');
  t.is((await ask(ready)).code, 1, 'a type that does not have it sign in');
});

test('the login of Prometheus has both users', async (t) => {
  const host = new ScriptHost(t);
  host.put('/data/old', '');
  const step = await readFile(join(repository, 'site-types/prometheus/files/usr/lib/gemel-site/login'), 'utf8');
  const env = { PATH: '/usr/bin:/bin', LOGIN: 'admin', HEALTH_USER: '_gemel' };
  const script = step.replaceAll('/data/', host.path('/data/'));
  const running = promisify(execFile)('sh', ['-c', script], { env });
  running.child.stdin?.end('$2y$10$one\n$2y$04$two\n');
  await running;
  t.is(host.read('/data/web.yml'), 'basic_auth_users:\n  "admin": "$2y$10$one"\n  "_gemel": "$2y$04$two"\n');
});
