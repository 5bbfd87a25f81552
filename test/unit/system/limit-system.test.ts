import { ScriptedSystem } from '@gemel/core/testing';
import { DisposableStore } from '@gemel/core/sdk';
import { limitSystem } from '#core/system/limit-system.js';
import test from 'ava';

const grants = {
  commands: ['ip'],
  files: ['/run/systemd/network'],
  units: ['chrony.service', 'gemel-site@.service'],
  dbus: ['org.freedesktop.timedate1'],
};

function limited() {
  const system = new ScriptedSystem();
  system.commands.always(['ip', 'link']);
  system.units.add('chrony.service').add('gemel-site@.service');
  system.dbus.reply('org.freedesktop.timedate1', 'org.freedesktop.timedate1.ListTimezones', [[]]);
  const own = new DisposableStore();
  return { system, own, access: limitSystem(system, 'example', grants, own) };
}

test('lets through what the manifest grants', async (t) => {
  const { system, access } = limited();
  await access.commands.run(['ip', 'link']);
  await access.files.write('/run/systemd/network/a.network', 'x');
  await access.files.list('/run/systemd/network');
  await access.units.start('chrony.service');
  await access.units.start('gemel-site@main.service');
  const timedate = 'org.freedesktop.timedate1';
  await access.dbus.call({ destination: timedate, path: '/', interface: timedate, member: 'ListTimezones' });
  t.deepEqual(system.faults.journal, [
    'run ip link',
    'write /run/systemd/network/a.network',
    'start chrony.service',
    'start gemel-site@main.service',
    'call org.freedesktop.timedate1 ListTimezones',
  ]);
});

test('refuses the rest, naming plugin, thing and the missing line, and touches nothing', async (t) => {
  const { system, access } = limited();
  const refused = async (run: () => unknown) =>
    (await t.throwsAsync(async () => run(), { code: 'forbidden' }))?.message;
  const line = (list: string) => `add it to grants.${list} in the "gemel" block of its package.json.`;
  t.is(
    await refused(() => access.commands.run(['networkctl', 'reload'])),
    `Plugin example may not run networkctl: ${line('commands')}`,
  );
  t.is(
    await refused(() => access.files.read('/etc/shadow')),
    `Plugin example may not read /etc/shadow: ${line('files')}`,
  );
  t.is(
    await refused(() => access.files.rename('/run/systemd/network/a', '/etc/a')),
    `Plugin example may not write /etc/a: ${line('files')}`,
  );
  await refused(() => access.files.write('/run/systemd/networkother', ''));
  await refused(() => access.files.write('/run/systemd/network/../x', ''));
  await refused(() => access.files.watch('/etc', () => {}));
  t.is(
    await refused(() => access.units.stop('ssh.service')),
    `Plugin example may not stop ssh.service: ${line('units')}`,
  );
  await refused(() => access.units.startTimer({ name: 'x.timer', unit: 'chrony.service', afterMs: 1 }));
  t.is(
    await refused(() => access.dbus.getProperties('org.freedesktop.login1', '/', 'x')),
    `Plugin example may not call org.freedesktop.login1: ${line('dbus')}`,
  );
  await refused(() => access.dbus.onSignal({ interface: 'org.freedesktop.DBus.Properties', member: 'X' }, () => {}));
  t.deepEqual(system.faults.journal, []);
});

test('ends watches, subscriptions and timers with the plugin', async (t) => {
  const { system, own, access } = limited();
  let fired = 0;
  access.files.watch('/run/systemd/network', () => {});
  access.dbus.onSignal({ interface: 'org.freedesktop.timedate1', member: 'X' }, () => {});
  access.clock.every(10, () => {
    fired += 1;
  });
  access.clock.after(50, () => {});
  await system.clock.advance(25);
  await own[Symbol.asyncDispose]();
  await system.clock.advance(100);
  t.is(fired, 2);
  t.notThrows(() => system.verify());
});

test('a timer that fired or was ended is forgotten by its owner', async (t) => {
  const { system, own, access } = limited();
  access.clock.after(10, () => {});
  access.clock.after(99, () => {})[Symbol.dispose]();
  await system.clock.advance(20);
  t.is(own.size, 0);
});
