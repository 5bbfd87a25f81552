import assert from 'node:assert/strict';
import type { DBus } from '@gemel/core/sdk';
import type { ContractCase } from './contract-case.js';

export interface DBusSubject {
  readonly dbus: DBus;
  readonly pass: (ms: number) => Promise<void>;
}

const timedate = {
  destination: 'org.freedesktop.timedate1',
  path: '/org/freedesktop/timedate1',
  interface: 'org.freedesktop.timedate1',
};

const hostname = {
  destination: 'org.freedesktop.hostname1',
  path: '/org/freedesktop/hostname1',
  interface: 'org.freedesktop.hostname1',
};

/** Of a bus with hostnamed and timedated. What is changed is harmless: setting the time zone can move the kernel's clock. */
export const dbusContract: readonly ContractCase<DBusSubject>[] = [
  {
    title: 'calls a method and gives its body',
    run: async ({ dbus }) => {
      const [zones] = await dbus.call({ ...timedate, member: 'ListTimezones' });
      assert.ok(Array.isArray(zones) && zones.includes('Europe/Berlin'));
    },
  },
  {
    title: 'reads properties unwrapped, 64-bit numbers as bigint',
    run: async ({ dbus }) => {
      const properties = await dbus.getProperties(timedate.destination, timedate.path, timedate.interface);
      assert.equal(typeof properties['Timezone'], 'string');
      assert.equal(typeof properties['NTP'], 'boolean');
      assert.equal(typeof properties['TimeUSec'], 'bigint');
    },
  },
  {
    title: 'says that a service is not there',
    run: async ({ dbus }) => {
      const call = { destination: 'org.example.Absent', path: '/', interface: 'org.example.Absent', member: 'Do' };
      await assert.rejects(dbus.call(call), { name: 'ApplianceError', code: 'unavailable' });
    },
  },
  {
    title: 'hears a change it subscribed to, until the subscription ends',
    run: async ({ dbus, pass }) => {
      const heard: string[] = [];
      const match = {
        sender: hostname.destination,
        path: hostname.path,
        interface: 'org.freedesktop.DBus.Properties',
        member: 'PropertiesChanged',
      };
      const set = (name: string) =>
        dbus.call({ ...hostname, member: 'SetPrettyHostname', signature: 'sb', arguments: [name, false] });
      await set('Contract one');
      await pass(200);
      const subscription = dbus.onSignal(match, ([interfaceName]) => heard.push(String(interfaceName)));
      await set('Contract two');
      await pass(200);
      assert.deepEqual([...new Set(heard)], [hostname.interface]);
      subscription[Symbol.dispose]();
      const before = heard.length;
      await set('Contract three');
      await pass(200);
      assert.equal(heard.length, before);
    },
  },
];
