import { readFileSync } from 'node:fs';
import { ScriptedSystem } from '@gemel/core/testing';
import { PacemakerControl } from '#sites/cluster/pacemaker-control.js';
import { siteConfiguration, sitesIn } from '#sites/cluster/site-resource.js';
import { SiteUnits } from '#sites/run/site-units.js';
import test from 'ava';

const systemd = 'org.freedesktop.systemd1';

/** Pacemaker with one site; what it is told to do it does at the next look, unless the site does not start. */
function newWorld(works = true) {
  const system = new ScriptedSystem();
  let state = 'inactive';
  const told: string[] = [];
  system.dbus.reply(systemd, `${systemd}.Manager.ListUnitsByPatterns`, () => [
    [['gemel-site@demo.service', '', 'loaded', state, state === 'active' ? 'running' : 'dead', '', '/', 0, '', '/']],
  ]);
  system.commands.otherwise({
    run: async (argv) => {
      const xml = argv.at(-1) ?? '';
      const role = /name="target-role" value="(\w+)"/.exec(xml)?.[1];
      const critical = /name="critical" value="(\w+)"/.exec(xml)?.[1];
      if (role !== undefined) {
        told.push(`${role} ${critical === 'true' ? 'critical' : ''}`.trim());
        state = role === 'Started' && works ? 'active' : 'inactive';
      }
      const listed = argv.includes('--list-raw') ? 'active\nsite-demo\n' : '';
      const failures = works ? '' : '<failure op_key="site-demo_start_0"/>';
      return { exitCode: 0, stdout: argv[0] === 'crm_mon' ? failures : listed, stderr: '' };
    },
  });
  const control = new PacemakerControl(system.commands, new SiteUnits(system.dbus, system.files), system.clock);
  return { system, control, told };
}

test('a site moves the active role only after it has been healthy once', async (t) => {
  const { control, told } = newWorld();
  await control.start('demo');
  t.deepEqual(told, ['Started', 'Started critical']);
});

test('one that runs already moves the active role when it is started again, as after a takeover in a trial', async (t) => {
  const { control, told } = newWorld();
  await control.start('demo');
  await control.start('demo');
  t.deepEqual(told, ['Started', 'Started critical', 'Started critical']);
});

test('a site that does not start is stopped, and nothing else moves', async (t) => {
  const { control, told } = newWorld(false);
  await t.throwsAsync(control.start('demo'), { message: /could not start site-demo/ });
  t.deepEqual(told, ['Started', 'Stopped']);
});

test('stopping waits until the site has ended', async (t) => {
  const { control, told } = newWorld();
  await control.start('demo');
  await control.stop('demo');
  t.is(told.at(-1), 'Stopped');
});

test('a resource goes with all constraints that name it', async (t) => {
  const { control, system } = newWorld();
  await control.removed('demo');
  const xpath = system.commands.runs.at(-1)?.argv.at(-1) ?? '';
  for (const part of ['@rsc="site-demo"', '@then="site-demo"', 'primitive[@id="site-demo"]'])
    t.true(xpath.includes(part));
});

test('resources of others are no sites', (t) => {
  t.deepEqual(sitesIn(['drbd-data:0', 'active', 'site-demo', 'site-shop', 'my-site-x']), ['demo', 'shop']);
});

test('what Pacemaker is told of a site', (t) => {
  const golden = new URL('../../../golden/sites/site-resource.xml', import.meta.url);
  t.is(
    `${siteConfiguration('demo', 'Started', true, ['drbd-data', 'data', 'active']).replaceAll('><', '>\n<')}\n`,
    readFileSync(golden, 'utf8'),
  );
});

test('a site waits for no volume where the cluster mounts none', (t) => {
  t.false(siteConfiguration('demo', 'Started', true, ['cluster-ip', 'active']).includes('first="data"'));
});
