/** Sites on a real systemd: two versions of Prometheus from Debian's packages, and a small third type. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Checks } from './checks.ts';
import { SitesLab } from './sites-lab.ts';

const checks = new Checks();
await using lab = await SitesLab.up('sites-test');

async function until(what: string, seconds: number, reached: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + seconds * 1_000;
  while (!(await reached())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(100);
  }
}

interface Shown {
  readonly state: string;
  readonly version: string;
  readonly url: string;
  readonly previousVersion: string | null;
}

const show = async (site: string) => (await lab.json(`site show ${site}`)) as Shown; // the action's output schema
const property = async (site: string, name: string) =>
  (await lab.sh(`systemctl show --value -p ${name} gemel-site@${site}`)).trim();

await checks.check('versions are installed from their two files', async () => {
  for (const [type, version] of [
    ['prometheus', '2.42'],
    ['prometheus', '2.53'],
  ] as const)
    await lab.install(type, version);
  const list = await lab.sh('gemel site version list');
  assert.match(list, /prometheus +2\.53\.\d+ +Prometheus .*unused/);
  assert.match(list, /prometheus +2\.42\.\d+/);
});

await checks.check(
  'a version below /root, where core sees nothing, is sent to it with its image, and nothing of it stays behind',
  async () => {
    await lab.sh(`gemel site version upload ${await lab.bring('pages', '1.37', '/root/versions')}`);
    assert.match(await lab.sh('gemel site version list'), /pages +1\.37\.\d+/);
    assert.equal(await lab.sh('find /var/lib/gemel/uploads -type f'), '');
  },
);

await checks.check('a damaged and a renamed image are refused', async () => {
  const path = await lab.bring('pages', '1.35');
  const image = path.replace(/json$/, 'squashfs');
  await lab.sh(`printf x | dd of=${image} bs=1 seek=5000 conv=notrunc status=none`);
  assert.match(await lab.refused(`site version upload ${path}`), /damaged/);
  await lab.bring('pages', '1.35');
  await lab.sh(`sed -i 's/"version": "1.35/"version": "1.36/' ${path}`);
  assert.match(await lab.refused(`site version upload ${path}`), /says in itself/);
  assert.equal(await lab.sh('ls -A /var/lib/gemel/site-versions | grep "^[.]" || true'), '');
});

await checks.check('a site answers when its start has ended, as a user of its own', async () => {
  await lab.sh(
    'gemel site create demo prometheus --version "$(ls /var/lib/gemel/site-versions/prometheus | grep 2.42)" --start',
  );
  assert.match(await lab.answer(8001, '/demo/-/ready'), / 200 /);
  const { state, url } = await show('demo');
  assert.equal(state, 'running');
  assert.match(url, /:8001\/demo\/$/);
  const owner = await lab.sh(`stat -c %u /proc/${await property('demo', 'MainPID')}`);
  assert.equal(owner.trim(), '70000');
});

await checks.check('a site sees its own data and nothing else of the appliance', async () => {
  const root = `/proc/${await property('demo', 'MainPID')}/root`;
  assert.equal((await lab.sh(`ls ${root}/srv ${root}/var/lib/gemel 2>/dev/null || true`)).trim(), '');
  assert.match(await lab.sh(`ls ${root}/data`), /prometheus.yml/);
  assert.equal((await lab.sh(`touch ${root}/usr/x 2>&1 || echo refused`)).trim().split('\n').at(-1), 'refused');
  assert.equal(await property('demo', 'NoNewPrivileges'), 'yes');
});

await checks.check('with a login it answers nobody without', async () => {
  await lab.sh('gemel site login demo admin --password-stdin', 'correct horse\n');
  await until('the login to be asked for', 10, async () => (await lab.answer(8001, '/demo/graph')).includes(' 401 '));
  const right = Buffer.from('admin:correct horse').toString('base64');
  const ask = `exec 3<>/dev/tcp/127.0.0.1/8001 && printf 'GET /demo/-/ready HTTP/1.0\\r\\nAuthorization: Basic ${right}\\r\\n\\r\\n' >&3 && head -1 <&3`;
  assert.match(await lab.sh(ask), / 200 /);
  // The check signs in with a login of its own.
  await lab.sh('grep -q ^HEALTH_LOGIN= /run/gemel/sites/demo.env && /usr/lib/gemel/libexec/gemel-site-health demo');
});

await checks.check('a killed site is back within two seconds, by its unit', async () => {
  const before = await property('demo', 'MainPID');
  await lab.sh(`kill -9 ${before}`);
  await until('the site to run again', 2, async () => {
    const pid = await property('demo', 'MainPID');
    return pid !== before && pid !== '0' && (await property('demo', 'ActiveState')) === 'active';
  });
  assert.match(await lab.answer(8001, '/demo/-/ready'), / 401 /);
});

await checks.check('a site that hangs is noticed, told, and started again by its unit', async () => {
  const before = await property('demo', 'MainPID');
  await lab.sh(`kill -STOP ${before}`);
  await until('the site to run again', 60, async () => {
    const pid = await property('demo', 'MainPID');
    return pid !== before && pid !== '0' && (await property('demo', 'ActiveState')) === 'active';
  });
  assert.match(await lab.answer(8001, '/demo/-/ready'), / 401 /);
  assert.match(
    await lab.sh('journalctl --unit gemel-sites-watch --output=cat'),
    /Site demo hangs and is started again: /,
  );
  // Core has told it.
  assert.equal(await lab.sh('sleep 1; ls -A /run/gemel/site-hangs'), '');
});

await checks.check('an update keeps the data, and undo brings version and data back', async () => {
  await lab.sh('gemel site stop demo --yes && echo mine > /srv/gemel/sites/demo/data/1/mine');
  await lab.sh('gemel site update demo --start');
  const after = await show('demo');
  assert.match(after.version, /^2\.53/);
  assert.match(after.previousVersion ?? '', /^2\.42/);
  assert.equal((await lab.sh('cat /srv/gemel/sites/demo/data/2/mine')).trim(), 'mine');
  await lab.sh('gemel site stop demo --yes && gemel site undo demo --yes && gemel site start demo');
  assert.match((await show('demo')).version, /^2\.42/);
});

await checks.check(
  'a site that never becomes healthy says why, and an update to such a version takes itself back',
  async () => {
    await lab.sh('gemel site stop demo --yes && echo "not: [valid" >> /srv/gemel/sites/demo/data/1/prometheus.yml');
    assert.match(await lab.refused('site start demo'), /did not start.*It said: .*Error loading config/s);
    assert.equal((await show('demo')).state, 'stopped');
    assert.match(await lab.refused('site update demo --start'), /is back at 2\.42/);
    assert.match((await show('demo')).version, /^2\.42/);
    await lab.sh("sed -i '/not: .valid/d' /srv/gemel/sites/demo/data/1/prometheus.yml && gemel site start demo");
  },
);

await checks.check('cloning a gigabyte shows progress and leaves nothing when it is cancelled', async () => {
  await lab.sh('gemel site stop demo --yes && head -c 1G /dev/zero > /srv/gemel/sites/demo/data/1/large');
  await lab.sh('gemel site clone demo copy > /tmp/clone.log 2>&1 & sleep 0.6; gemel jobs list');
  // as the action's output schema says
  const { jobs } = (await lab.json('jobs list')) as { jobs: { id: string; action: string; state: string }[] };
  const job = jobs.find(({ action, state }) => action === 'site.clone' && state === 'running');
  assert.ok(job, 'the copy was over before it could be cancelled');
  await lab.sh(`gemel jobs cancel ${job.id}`);
  assert.match(await lab.sh('cat /tmp/clone.log'), /%/);
  assert.equal((await lab.sh('ls -A /srv/gemel/sites')).trim(), 'demo');
});

await checks.check('what a crash of core left of a clone is gone after its start', async () => {
  await lab.sh('gemel site clone demo copy > /dev/null 2>&1 & sleep 0.6; systemctl kill -s KILL gemel-core');
  await until('core to answer', 60, async () => (await lab.node.exec(['gemel', 'site', 'list'])).code === 0);
  await until('the rest to be removed', 20, async () => (await lab.sh('ls -A /srv/gemel/sites')).trim() === 'demo');
  await lab.sh('rm /srv/gemel/sites/demo/data/1/large');
});

await checks.check('a renamed site answers at its new URL, a deleted one leaves nothing', async () => {
  await lab.sh('gemel site rename demo shop --yes && gemel site start shop');
  assert.match(await lab.answer(8001, '/shop/-/ready'), / 401 /);
  await lab.sh('gemel site stop shop --yes && gemel site delete shop --yes');
  assert.equal((await lab.sh('ls -A /srv/gemel/sites /run/gemel/sites')).includes('shop'), false);
});

await checks.check(
  'a third-party type needs nothing but its version, and sites with autostart run after a boot without core',
  async () => {
    await lab.sh('gemel site create one pages --start && gemel site create two pages --no-autostart');
    assert.match(await lab.answer(8001, '/one/'), / 200 /);
    await lab.sh('systemctl disable --quiet gemel-core');
    await lab.node.kill();
    await lab.node.start();
    await until(
      'the site to answer',
      30,
      async () => (await lab.sh('systemctl is-active gemel-site@one || true')).trim() === 'active',
    );
    assert.match(await lab.answer(8001, '/one/'), / 200 /);
    assert.notEqual((await lab.sh('systemctl is-active gemel-site@two || true')).trim(), 'active');
    assert.notEqual((await lab.sh('systemctl is-active gemel-core || true')).trim(), 'active');
  },
);

await checks.check('a site runs from its image, mounted as on a device', async () => {
  // A container has its version unpacked, for those that have no loop devices; this one has some.
  const folder = (await lab.sh('echo /var/lib/gemel/site-versions/pages/*')).trim();
  await lab.sh(`systemctl stop gemel-site@one && mv ${folder}/root ${folder}/.root`);
  await lab.sh('/usr/lib/gemel/libexec/gemel-site-render one && systemctl start gemel-site@one');
  const root = await lab.sh(`grep ' / ' /proc/${await property('one', 'MainPID')}/mountinfo`);
  // 7 is the number of loop devices.
  assert.match(root, /^\d+ \d+ 7:\d+ \/ \/ ro,.* - squashfs /m);
  assert.match(await lab.answer(8001, '/one/'), / 200 /);
  await lab.sh(`systemctl stop gemel-site@one && mv ${folder}/.root ${folder}/root`);
  await lab.sh('/usr/lib/gemel/libexec/gemel-site-render one && systemctl start gemel-site@one');
});

await checks.check('the resource agent tells running, ended and broken sites apart', async () => {
  const agent = (action: string, site = 'one') =>
    lab.node.exec(['env', `OCF_RESKEY_site=${site}`, '/usr/lib/ocf/resource.d/gemel/site', action]);
  assert.equal((await agent('monitor')).code, 0);
  assert.equal((await agent('stop')).code, 0);
  assert.equal((await agent('monitor')).code, 7);
  assert.equal((await agent('start')).code, 0);
  assert.equal((await agent('monitor', 'no/site')).code, 6);
  assert.equal((await agent('start', 'absent')).code, 5);
});

checks.finish();
