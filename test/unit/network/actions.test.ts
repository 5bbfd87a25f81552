import { networkActions } from '#network/actions.js';
import type { LinkFact } from '#network/settings/facts.js';
import { networkSchema, type NetworkSettings } from '#network/settings/schema.js';
import { verifyNetwork } from '#network/settings/verify.js';
import { Neighbours } from '#network/system/neighbours.js';
import manifest from '@gemel/plugin-network/package.json' with { type: 'json' };
import { type AnyAction, ApplianceError, type SettingsAccess } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';
import { z } from 'zod';
import { fourNics, localRoot, nic, staticIpv4 } from './network-world.js';

const factory = networkSchema.parse({
  mode: 'simple',
  simple: {
    interface: 'e0',
    hardwareAddress: '52:54:00:77:00:00',
    ipv4: { method: 'static', address: '10.0.0.1/24', gateway: '10.0.0.9' },
    ipv6: { method: 'none' },
  },
});

/** The actions over a draft in memory; the settings engine's own rules are tested with it. */
function operator(start: NetworkSettings = factory, links: readonly LinkFact[] = fourNics.links) {
  const system = new ScriptedSystem();
  const held = { draft: start };
  // One section is all that these actions know, so the door is typed for it.
  const settings = {
    add: () => undefined,
    confirmed: () => start,
    running: () => start,
    draft: async () => held.draft,
    edit: async (_section: unknown, caller: typeof localRoot, change: (before: NetworkSettings) => NetworkSettings) => {
      held.draft = networkSchema.parse(structuredClone(change(held.draft)));
      return verifyNetwork({ settings: held.draft, confirmed: start, facts: { links, connections: [] }, caller });
    },
    onApplied: () => ({ [Symbol.dispose]: () => undefined }),
  } as unknown as SettingsAccess;
  const around = { settings, links: async () => links };
  const empty = { links: { links: [] }, bonds: { bonds: [] }, vlans: { vlans: [] }, routes: { routes: [] } };
  const checks = { ...around, neighbours: new Neighbours(system.commands, system.clock), files: system.files };
  const actions = networkActions(
    around,
    checks,
    () => 'advanced',
    async () => empty,
  );
  const call = { caller: localRoot, signal: new AbortController().signal };
  const run = async (id: string, input: object) => {
    const action = actions.find((each) => each.id === id);
    if (action?.kind !== 'call') throw new Error(`no call ${id}`);
    return action.output.parse(await action.run(action.input.parse(input), call));
  };
  return { run, held, actions, system, call };
}

const codes = (output: unknown) =>
  z
    .object({ reports: z.array(z.object({ code: z.string() })) })
    .parse(output)
    .reports.map(({ code }) => code);

test('the manifest lists exactly these actions, and each can be shown as JSON Schema', (t) => {
  const { actions } = operator();
  t.deepEqual(actions.map(({ id }) => id).toSorted(), manifest.gemel.actions.toSorted());
  const shown = (action: AnyAction) => z.toJSONSchema(action.input, { io: 'input' });
  for (const action of actions) t.is(shown(action)['type'], 'object', action.id);
});

test('a bond in Simple Mode is refused with the remedy', async (t) => {
  const { run, held } = operator();
  const error = await t.throwsAsync(run('network.bond.create', { name: 'bond0', members: ['e0', 'e1'] }), {
    instanceOf: ApplianceError,
  });
  t.is(error?.code, 'conflict');
  t.regex(error?.message ?? '', /gemel network mode set advanced/);
  t.deepEqual(held.draft, factory);
});

test('Advanced Mode takes over the simple configuration, and back again drops the rest', async (t) => {
  const { run, held } = operator();
  t.deepEqual(codes(await run('network.mode.set', { mode: 'advanced' })), []);
  t.deepEqual(held.draft.links, {
    e0: {
      hardwareAddress: '52:54:00:77:00:00',
      ipv4: { method: 'static', addresses: ['10.0.0.1/24'], gateway: '10.0.0.9' },
      ipv6: { method: 'none' },
    },
  });
  await run('network.mode.set', { mode: 'simple' });
  t.deepEqual(held.draft, factory);
});

test('creates a bond with addresses in any form and records the NICs', async (t) => {
  const { run, held } = operator();
  await run('network.mode.set', { mode: 'advanced' });
  const input = {
    name: 'bond0',
    members: ['e1,e2'],
    mode: '802.3ad',
    lacpRate: 'fast',
    address: ['10.5.0.1/255.255.255.0', 'FD00::1/64'],
    gateway: ['fd00::9'],
    mtu: 9000,
  };
  t.deepEqual(codes(await run('network.bond.create', input)), []);
  t.deepEqual(held.draft.bonds, {
    bond0: {
      mode: '802.3ad',
      members: ['e1', 'e2'],
      lacpRate: 'fast',
      mtu: 9000,
      ipv4: { method: 'static', addresses: ['10.5.0.1/24'] },
      ipv6: { method: 'static', addresses: ['fd00::1/64'], gateway: 'fd00::9' },
    },
  });
  t.is(held.draft.links['e1']?.hardwareAddress, '52:54:00:77:00:01');
  await t.throwsAsync(run('network.bond.create', { ...input }), { message: /already a bond called bond0/ });
});

test("a member's entered address is refused, moved when asked, and an automatic one goes", async (t) => {
  const refused = operator();
  await refused.run('network.mode.set', { mode: 'advanced' });
  t.true(
    codes(await refused.run('network.bond.create', { name: 'bond0', members: ['e0', 'e1'] })).includes(
      'network.bond.member-has-address',
    ),
  );
  const moved = operator();
  await moved.run('network.mode.set', { mode: 'advanced' });
  t.deepEqual(
    codes(await moved.run('network.bond.create', { name: 'bond0', members: ['e0', 'e1'], takeOver: true })),
    [],
  );
  t.deepEqual(moved.held.draft.bonds['bond0']?.ipv4, {
    method: 'static',
    addresses: ['10.0.0.1/24'],
    gateway: '10.0.0.9',
  });
  const automatic = operator({
    ...factory,
    simple: { interface: 'e0', ipv4: { method: 'dhcp' }, ipv6: { method: 'slaac' } },
  });
  await automatic.run('network.mode.set', { mode: 'advanced' });
  t.deepEqual(
    codes(
      await automatic.run('network.bond.create', { name: 'bond0', members: ['e0', 'e1'], address: ['10.0.0.1/24'] }),
    ),
    [],
  );
  t.deepEqual(automatic.held.draft.links['e0'], { hardwareAddress: '52:54:00:77:00:00' });
});

test('changes, extends, shrinks and deletes a bond', async (t) => {
  const { run, held } = operator();
  await run('network.mode.set', { mode: 'advanced' });
  await run('network.bond.create', {
    name: 'bond0',
    members: ['e1'],
    primary: 'e1',
    upDelayMs: 200,
    address: ['10.5.0.1/24'],
  });
  await run('network.bond.add-member', { name: 'bond0', member: 'e2' });
  await run('network.bond.set', { name: 'bond0', arpInterval: 500, arpTargets: ['10.5.0.9'], unset: ['upDelayMs'] });
  t.deepEqual(held.draft.bonds['bond0'], {
    mode: 'active-backup',
    members: ['e1', 'e2'],
    primary: 'e1',
    arpMonitor: { intervalMs: 500, targets: ['10.5.0.9'] },
    ipv4: { method: 'static', addresses: ['10.5.0.1/24'] },
  });
  await run('network.bond.remove-member', { name: 'bond0', member: 'e1' });
  t.deepEqual([held.draft.bonds['bond0']?.members, held.draft.bonds['bond0']?.primary], [['e2'], undefined]);
  await t.throwsAsync(run('network.bond.remove-member', { name: 'bond0', member: 'e1' }), {
    message: /no member of bond bond0/,
  });
  await t.throwsAsync(run('network.bond.set', { name: 'bond9' }), { message: /There are: bond0/ });
  await run('network.vlan.create', { parent: 'bond0', id: 5 });
  await t.throwsAsync(run('network.bond.delete', { name: 'bond0' }), { message: /vlan delete bond0\.5/ });
  await run('network.vlan.delete', { name: 'bond0.5' });
  await run('network.bond.delete', { name: 'bond0' });
  t.deepEqual([held.draft.bonds, held.draft.vlans], [{}, {}]);
});

test('replaces an address step by step, with its gateway staying', async (t) => {
  const { run, held } = operator();
  await run('network.mode.set', { mode: 'advanced' });
  await run('network.address.remove', { interface: 'e0', address: '10.0.0.1/255.255.255.0' });
  t.deepEqual(codes(await run('network.address.add', { interface: 'e0', address: '10.0.0.2/24' })), []);
  t.deepEqual(held.draft.links['e0']?.ipv4, { method: 'static', addresses: ['10.0.0.2/24'], gateway: '10.0.0.9' });
  await t.throwsAsync(run('network.address.remove', { interface: 'e0', address: '10.0.0.1/24' }), {
    message: /It has: 10\.0\.0\.2\/24/,
  });
  await t.throwsAsync(run('network.address.add', { interface: 'e0', address: '10.0.0.3' }), {
    message: /10\.0\.0\.3\/24/,
  });
});

test('gives up a family with its last address', async (t) => {
  const { run, held } = operator();
  await run('network.mode.set', { mode: 'advanced' });
  await run('network.address.add', { interface: 'e0', address: 'fd00::1/64' });
  await run('network.address.add', { interface: 'e0', address: 'fd00::2/64' });
  await run('network.address.remove', { interface: 'e0', address: 'fd00::1/64' });
  t.deepEqual(held.draft.links['e0']?.ipv6, { method: 'static', addresses: ['fd00::2/64'] });
  t.deepEqual(codes(await run('network.address.remove', { interface: 'e0', address: 'fd00::2/64' })), []);
  t.deepEqual(held.draft.links['e0']?.ipv6, { method: 'none' });
});

test('adds and removes routes, found in any spelling', async (t) => {
  const { run, held } = operator();
  await run('network.mode.set', { mode: 'advanced' });
  t.deepEqual(
    codes(await run('network.route.add', { destination: '172.16.0.0/255.240.0.0', gateway: '10.0.0.9' })),
    [],
  );
  t.deepEqual(held.draft.routes, [{ destination: '172.16.0.0/12', gateway: '10.0.0.9' }]);
  await run('network.route.add', { destination: '172.16.0.0/12', gateway: '10.0.0.8', metric: 5 });
  await t.throwsAsync(run('network.route.remove', { destination: '172.16.0.0/12' }), { message: /2 routes/ });
  await run('network.route.remove', { destination: '172.16.0.0/12', metric: 5 });
  await run('network.route.remove', { destination: '172.16.0.0/12' });
  t.deepEqual(held.draft.routes, []);
});

test('sets the standard interface of Simple Mode', async (t) => {
  const { run, held } = operator();
  await run('network.simple.set', { interface: 'e1', address: ['10.1.0.1/24'], gateway: ['10.1.0.9'], ipv6: 'slaac' });
  t.deepEqual(held.draft.simple, {
    interface: 'e1',
    hardwareAddress: '52:54:00:77:00:01',
    ipv4: { method: 'static', address: '10.1.0.1/24', gateway: '10.1.0.9' },
    ipv6: { method: 'slaac' },
  });
});

test('a standard interface that is named is the NIC that has the name now; one that is not named, or not there, stays what it was', async (t) => {
  const exchanged = operator(factory, [nic('e0', 7)]);
  await exchanged.run('network.simple.set', { address: ['10.0.0.2/24'] });
  t.is(exchanged.held.draft.simple.hardwareAddress, '52:54:00:77:00:00');
  await exchanged.run('network.simple.set', { interface: 'e0' });
  t.deepEqual(exchanged.held.draft.simple, {
    interface: 'e0',
    hardwareAddress: '52:54:00:77:00:07',
    ipv4: { method: 'static', address: '10.0.0.2/24', gateway: '10.0.0.9' },
    ipv6: { method: 'none' },
  });
  const missing = operator(factory, [nic('e1', 1)]);
  await missing.run('network.simple.set', { interface: 'e0' });
  t.is(missing.held.draft.simple.hardwareAddress, '52:54:00:77:00:00');
});

test('looks on the wire also for the standard interface that nobody named', async (t) => {
  const ipv4 = { method: 'static', address: '10.0.0.1/24' };
  const start = networkSchema.parse({ ...factory, simple: { ipv4, ipv6: { method: 'none' } } });
  const { actions, system, call } = operator(start, [nic('e0', 0)]);
  system.commands.always(['arping', '-D', '-c', '2', '-w', '2', '-I', 'e0', '10.0.0.1'], {
    exitCode: 1,
    stdout: 'Unicast reply from 10.0.0.1 [02:00:00:00:00:AA]  1ms\n',
  });
  const check = actions.find(({ id }) => id === 'network.check');
  if (check?.kind !== 'job') throw new Error('network.check is a job');
  const output = await check.run(
    {},
    { ...call, jobId: '1', progress: () => undefined, log: () => undefined, save: async () => undefined },
  );
  t.deepEqual(codes(output), ['network.probe.address-in-use']);
});

test('looks on the wire for other owners of an address, for packets too large and for silent gateways', async (t) => {
  const start = networkSchema.parse({
    ...factory,
    mode: 'advanced',
    links: {
      e0: { ...staticIpv4('10.0.0.1/24'), ipv4: { method: 'static', addresses: ['10.0.0.1/24'], gateway: '10.0.0.9' } },
    },
  });
  const present = [
    nic('e0', 0, {
      addresses: [{ address: '10.0.0.1', prefix: 24, family: 4, dynamic: false, tentative: false, dadFailed: false }],
    }),
  ];
  const { actions, system, call } = operator(start, present);
  system.commands
    .always(['arping', '-D', '-c', '2', '-w', '2', '-I', 'e0', '10.0.0.1'], {
      exitCode: 1,
      stdout: 'Unicast reply from 10.0.0.1 [02:00:00:00:00:AA]  1ms\n',
    })
    .always(['ip', 'neigh', 'flush', 'to', '10.0.0.9', 'dev', 'e0'])
    .always(['ip', 'neigh', 'replace', '10.0.0.9', 'dev', 'e0', 'use'])
    .always(
      ['ip', '-json', 'neigh', 'show', 'to', '10.0.0.9', 'dev', 'e0'],
      '[{"dst":"10.0.0.9","lladdr":"02:00:00:00:00:99","state":["REACHABLE"]}]',
    )
    .always([/ping/, ...'-n -q -M do -c 2 -i 0.2 -W 1 -s 1472 -I e0 10.0.0.9'.split(' ')], { exitCode: 1 });
  const check = actions.find(({ id }) => id === 'network.check');
  if (check?.kind !== 'job') throw new Error('network.check is a job');
  const output = await check.run(
    {},
    { ...call, jobId: '1', progress: () => undefined, log: () => undefined, save: async () => undefined },
  );
  t.deepEqual(codes(output), ['network.probe.address-in-use', 'network.check.mtu']);
});
