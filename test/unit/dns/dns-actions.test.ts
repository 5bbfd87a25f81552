import type { Caller, SettingsAccess } from '@gemel/core/sdk';
import { dnsActions } from '#dns/actions.js';
import { type DnsSettings, dnsSettingsSchema } from '#dns/settings/schema.js';
import test from 'ava';

const caller: Caller = { name: 'local:jane', role: 'operator', surface: 'cli', connectedAt: 0 };

test('what is said of a server that is there changes that and nothing else, and leaves it in its place', async (t) => {
  const held = {
    draft: dnsSettingsSchema.parse({
      servers: [{ address: '192.0.2.53', tlsName: 'dns.example.org' }, { address: '2001:db8::53' }],
    }),
  };
  // One section is all that these actions know, so the door is typed for it.
  const settings = {
    edit: async (_section: unknown, _caller: Caller, change: (before: DnsSettings) => DnsSettings) => {
      held.draft = dnsSettingsSchema.parse(change(held.draft));
      return [];
    },
  } as unknown as SettingsAccess;
  // changing the draft asks nothing of the engine
  const action = dnsActions(settings, undefined as never, undefined as never).find(({ id }) => id === 'dns.server.add');
  if (action?.kind !== 'call') throw new Error('dns.server.add is a call');
  const add = async (input: object) =>
    action.run(action.input.parse(input), { caller, signal: new AbortController().signal });
  await add({ address: '192.0.2.53', port: 5353 });
  await add({ address: '2001:db8:0::53', tlsName: 'six.example.org' });
  await add({ address: '192.0.2.54' });
  t.deepEqual(held.draft.servers, [
    { address: '192.0.2.53', port: 5353, tlsName: 'dns.example.org' },
    { address: '2001:db8:0::53', tlsName: 'six.example.org' },
    { address: '192.0.2.54' },
  ]);
});
