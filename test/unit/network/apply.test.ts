import { NetworkApply } from '#network/settings/apply.js';
import { renderNetwork } from '#network/settings/render.js';
import type { NetworkSettings } from '#network/settings/schema.js';
import { FactsReader } from '#network/system/facts-reader.js';
import { ApplianceError, type FileChange } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';
import { advanced, staticIpv4 } from './network-world.js';
import { ScriptedKernel } from './scripted-kernel.js';

const nics = ['e0', 'e1', 'e2', 'e3'];
const recorded = Object.fromEntries(
  nics.map((name, number) => [name, { hardwareAddress: `52:54:00:77:00:0${number}` }]),
);

const before = advanced({
  links: recorded,
  bonds: {
    bond0: { mode: 'active-backup', members: ['e0', 'e1'], ...staticIpv4('10.0.0.1/24', '10.0.0.2/24') },
    bond1: { mode: 'balance-rr', members: ['e2'] },
  },
  vlans: { v5: { parent: 'bond0', id: 5, ...staticIpv4('10.5.0.1/24') } },
});

/** Everything changes: mode, member, address, VLAN id and parent, one bond less, one NIC on its own. */
const after = advanced({
  links: { ...recorded, e2: { ...recorded['e2'], mtu: 9000, ...staticIpv4('10.2.0.1/24') } },
  bonds: {
    bond0: {
      mode: 'balance-tlb',
      members: ['e0', 'e3'],
      primary: 'e3',
      learnPacketIntervalSec: 5,
      ...staticIpv4('10.0.0.1/24', '10.0.0.3/24'),
    },
  },
  vlans: { v5: { parent: 'e2', id: 6, ...staticIpv4('10.5.0.1/24') }, v7: { parent: 'bond0', id: 7 } },
});

/** Puts the files of the settings in place, as the settings engine does before it calls apply. */
async function writeFiles(system: ScriptedSystem, settings: NetworkSettings): Promise<readonly FileChange[]> {
  const { files } = renderNetwork(settings, { links: [], connections: [] });
  const present = system.files.contents('/run/systemd/network');
  const changes: FileChange[] = [];
  for (const { path, content } of files) {
    if (present[path] === content) continue;
    changes.push({
      path,
      kind: present[path] === undefined ? 'create' : 'change',
      before: present[path],
      after: content,
    });
    system.files.put(path, content);
  }
  const kept = new Set(files.map(({ path }) => path));
  const gone = Object.keys(present).filter((path) => !kept.has(path));
  for (const path of gone) {
    changes.push({ path, kind: 'delete', before: present[path], after: undefined });
    await system.files.remove(path);
  }
  return changes;
}

async function apply(system: ScriptedSystem, settings: NetworkSettings, changes: readonly FileChange[]): Promise<void> {
  system.faults.clear();
  const facts = { links: [], connections: [] };
  const input = {
    settings,
    facts,
    changes,
    rendering: renderNetwork(settings, facts),
    document: { section: () => undefined },
    reason: 'activate' as const,
  };
  await passingTime(system, new NetworkApply(system).apply(input, new AbortController().signal));
}

async function passingTime(system: ScriptedSystem, running: Promise<void>): Promise<void> {
  const state = { ended: false };
  const outcome = running.finally(() => {
    state.ended = true;
  });
  outcome.catch(() => undefined);
  for (let turns = 0; !state.ended && turns < 1_000; turns++) await system.clock.advance(150);
  await outcome;
}

async function world(settings: NetworkSettings) {
  const system = new ScriptedSystem();
  const kernel = new ScriptedKernel(nics);
  kernel.attach(system);
  await apply(system, settings, await writeFiles(system, settings));
  return { system, kernel };
}

const pictureOf = async (settings: NetworkSettings) => (await world(settings)).kernel.picture;

test('makes bonds, members, VLANs and addresses', async (t) => {
  t.deepEqual(await pictureOf(before), {
    bond0: link({ kind: 'bond', mode: 'active-backup', lp: 1, addresses: ['10.0.0.1/24', '10.0.0.2/24'] }),
    bond1: link({ kind: 'bond', mode: 'balance-rr', lp: 1 }),
    e0: link({ master: 'bond0' }),
    e1: link({ master: 'bond0' }),
    e2: link({ master: 'bond1' }),
    e3: link({}),
    v5: link({ kind: 'vlan', parent: 'bond0', id: 5, addresses: ['10.5.0.1/24'] }),
  });
});

function link(special: Record<string, unknown>) {
  const plain = {
    kind: 'physical',
    mtu: 1500,
    master: undefined,
    parent: undefined,
    up: true,
    mode: undefined,
    primary: undefined,
    id: undefined,
    lp: undefined,
  };
  return { ...plain, addresses: [], ...special };
}

test('goes from one network to quite another and back', async (t) => {
  const { system, kernel } = await world(before);
  await apply(system, after, await writeFiles(system, after));
  t.deepEqual(kernel.picture, await pictureOf(after));
  await apply(system, before, await writeFiles(system, before));
  t.deepEqual(kernel.picture, await pictureOf(before));
});

test('does nothing but look when everything is there', async (t) => {
  const { system } = await world(before);
  await apply(system, before, []);
  t.deepEqual(system.faults.journal, [
    'run ip -json -details address show',
    'call org.freedesktop.network1 Reload',
    'run ip -json -details address show',
    'call org.freedesktop.network1 Describe',
  ]);
});

test('a failure or a crash at any step: the next apply of either network gives exactly that', async (t) => {
  const clean = await world(before);
  await apply(clean.system, after, await writeFiles(clean.system, after));
  const steps = clean.system.faults.steps.length;
  t.true(steps > 5);
  const pictures = new Map([
    [before, await pictureOf(before)],
    [after, await pictureOf(after)],
  ]);
  for (const how of ['failAt', 'crashAt'] as const) {
    for (let step = 1; step <= steps; step++) {
      for (const next of [before, after]) {
        const { system, kernel } = await world(before);
        const changes = await writeFiles(system, after);
        system.faults.clear();
        system.faults[how](step);
        const input = {
          settings: after,
          facts: { links: [], connections: [] },
          changes,
          rendering: renderNetwork(after, { links: [], connections: [] }),
          document: { section: () => undefined },
          reason: 'activate' as const,
        };
        const broken = passingTime(system, new NetworkApply(system).apply(input, new AbortController().signal));
        await t.throwsAsync(broken, undefined, `${how} ${step}`);
        const again = system.faults.crashed ? system.afterCrash() : system;
        if (again !== system) kernel.attach(again);
        // Applied with no memory of what the broken run wrote, as at boot.
        await apply(again, next, await writeFiles(again, next));
        t.deepEqual(kernel.picture, pictures.get(next), `${how} ${step}`);
      }
    }
  }
});

test('takes away its own old addresses also after networkd was restarted, and leaves those of others', async (t) => {
  const { system, kernel } = await world(before);
  kernel.links.get('bond0')?.addresses.set('10.0.0.100/24', 'other');
  kernel.restartNetworkd();
  const settings = advanced({
    ...before,
    bonds: { ...before.bonds, bond0: { ...before.bonds['bond0'], ...staticIpv4('10.0.0.1/24') } },
  });
  await apply(system, settings, await writeFiles(system, settings));
  t.deepEqual([...(kernel.links.get('bond0')?.addresses.keys() ?? [])], ['10.0.0.1/24', '10.0.0.100/24']);
});

test('leaves bonds and VLANs alone that somebody else made', async (t) => {
  const { system, kernel } = await world(before);
  const template = kernel.links.get('bond1');
  if (template === undefined) throw new Error('bond1 was not made');
  kernel.links.set('theirs', { ...template, index: 99, group: 0, file: undefined, addresses: new Map() });
  await apply(system, after, await writeFiles(system, after));
  t.true(kernel.links.has('theirs'));
  t.false(kernel.links.has('bond1'));
});

test('tells networkd again about a link that it did not take up', async (t) => {
  const { system, kernel } = await world(before);
  kernel.deaf.add('e3');
  await apply(system, after, await writeFiles(system, after));
  t.deepEqual(kernel.picture, await pictureOf(after));
  t.true(system.faults.journal.includes('call org.freedesktop.network1 ReconfigureLink'));
});

test('names the interface that does not come to be', async (t) => {
  const { system } = await world(before);
  system.dbus.reply('org.freedesktop.network1', 'org.freedesktop.network1.Manager.Reload', []);
  system.dbus.reply('org.freedesktop.network1', 'org.freedesktop.network1.Manager.ReconfigureLink', []);
  const error = await t.throwsAsync(apply(system, after, await writeFiles(system, after)), {
    instanceOf: ApplianceError,
  });
  t.is(error?.code, 'engine-failed');
  t.regex(error?.message ?? '', /bond0 was not made/);
});

test('starts networkd when it is stopped, and says so when it is not there', async (t) => {
  const { system } = await world(before);
  system.units.add('systemd-networkd.service', 'inactive');
  await apply(system, before, []);
  t.is(system.faults.journal[0], 'start systemd-networkd.service');
  const bare = new ScriptedSystem();
  const error = await t.throwsAsync(apply(bare, before, []), { instanceOf: ApplianceError });
  t.is(error?.code, 'unavailable');
});

test('knows nothing of a machine without iproute2', async (t) => {
  const system = new ScriptedSystem();
  system.commands.missing('ip').missing('ss');
  t.deepEqual(await new FactsReader(system).read(new AbortController().signal), { links: [], connections: [] });
});
