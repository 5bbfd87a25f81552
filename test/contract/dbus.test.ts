import { FakeClock, ScriptedDBus } from '@gemel/core/testing';
import { SandboxBus } from '#core/system/sandbox/sandbox-bus.js';
import { hostnameService, timeDateService } from '#core/system/sandbox/sandbox-services.js';
import test from 'ava';
import { dbusContract } from './dbus-contract.js';

// The same cases run against a real bus in test/integration/container.ts.
const timedate = 'org.freedesktop.timedate1';
const path = '/org/freedesktop/timedate1';
const hostname = 'org.freedesktop.hostname1';

function scripted(): ScriptedDBus {
  const dbus = new ScriptedDBus();
  const changed = [hostname, {}, []];
  return dbus
    .reply(timedate, `${timedate}.ListTimezones`, [['Europe/Berlin', 'UTC']])
    .reply(hostname, `${hostname}.SetPrettyHostname`, () => {
      dbus.emit('org.freedesktop.DBus.Properties', 'PropertiesChanged', changed, '/org/freedesktop/hostname1');
      return [];
    })
    .properties(timedate, path, timedate, { Timezone: 'UTC', NTP: false, TimeUSec: 1n });
}

for (const { title, run } of dbusContract) {
  test(`scripted: ${title}`, async (t) => {
    const dbus = scripted();
    await t.notThrowsAsync(run({ dbus, pass: async () => {} }));
    t.is(dbus.listening, 0);
  });
  test(`sandbox: ${title}`, async (t) => {
    const clock = new FakeClock();
    const dbus = new SandboxBus({ [timedate]: timeDateService(clock), [hostname]: hostnameService() });
    await t.notThrowsAsync(run({ dbus, pass: (ms) => clock.advance(ms) }));
  });
}
