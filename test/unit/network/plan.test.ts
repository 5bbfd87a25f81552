import { planNetwork } from '#network/settings/plan.js';
import { renderNetwork } from '#network/settings/render.js';
import type { NetworkSettings } from '#network/settings/schema.js';
import type { NetworkFacts } from '#network/settings/facts.js';
import type { Caller, FileChange } from '@gemel/core/sdk';
import test from 'ava';
import { address, advanced, fourNics, localRoot, nic, remoteOperator, staticIpv4 } from './network-world.js';

function changesBetween(
  confirmed: NetworkSettings,
  settings: NetworkSettings,
  facts: NetworkFacts,
): readonly FileChange[] {
  const was = new Map(renderNetwork(confirmed, facts).files.map(({ path, content }) => [path, content]));
  const will = new Map(renderNetwork(settings, facts).files.map(({ path, content }) => [path, content]));
  return [...new Set([...was.keys(), ...will.keys()])].flatMap((path) => {
    const [before, after] = [was.get(path), will.get(path)];
    if (before === after) return [];
    return [
      {
        path,
        kind:
          before === undefined ? ('create' as const) : after === undefined ? ('delete' as const) : ('change' as const),
        before,
        after,
      },
    ];
  });
}

function plan(
  confirmed: NetworkSettings,
  settings: NetworkSettings,
  caller: Caller = localRoot,
  facts: NetworkFacts = fourNics,
) {
  const { units, interruptions } = planNetwork({
    settings,
    confirmed,
    facts,
    caller,
    changes: changesBetween(confirmed, settings, facts),
  });
  return { units, said: interruptions.map(({ subject, kind, expectedMs }) => `${subject} ${kind} ${expectedMs}`) };
}

const base = advanced({ links: { e0: staticIpv4('10.0.0.1/24'), e1: staticIpv4('10.1.0.1/24') } });
const bond = { mode: 'active-backup', members: ['e2', 'e3'], ...staticIpv4('10.2.0.1/24') };

test('nothing changes, nothing is interrupted', (t) => {
  t.deepEqual(plan(base, advanced({ links: { ...base.links } })), { units: [], said: [] });
});

test('a new bond interrupts nobody but says when it carries', (t) => {
  t.deepEqual(plan(base, advanced({ links: base.links, bonds: { bond0: bond } })), {
    units: ['systemd-networkd.service'],
    said: ['bond0 none 3100', 'e2 short 3000', 'e3 short 3000'],
  });
});

test('LACP takes longer, slow LACP much longer', (t) => {
  const lacp = (lacpRate?: string) =>
    plan(
      base,
      advanced({
        links: base.links,
        bonds: { bond0: { ...bond, mode: '802.3ad', ...(lacpRate ? { lacpRate } : {}) } },
      }),
    ).said[0];
  t.is(lacp('fast'), 'bond0 none 6100');
  t.is(lacp(), 'bond0 none 35100');
});

test('one more address interrupts nothing, one less ends connections', (t) => {
  const more = advanced({ links: { ...base.links, e0: staticIpv4('10.0.0.1/24', '10.0.0.2/24') } });
  t.deepEqual(plan(base, more).said, ['e0 reload 0']);
  t.deepEqual(plan(more, base).said, ['e0 lost null']);
});

test('a bond that exists is made anew for another mode, and its VLANs go with it', (t) => {
  const vlans = { v5: { parent: 'bond0', id: 5 } };
  const confirmed = advanced({ bonds: { bond0: bond }, vlans });
  const options = {
    mode: 'active-backup',
    miimon: 100,
    arp_validate: null,
    num_peer_notif: 1,
    resend_igmp: 1,
    lp_interval: 1,
    packets_per_slave: 1,
    arp_missed_max: 2,
    arp_all_targets: 'any',
    primary_reselect: 'always',
  };
  const facts = { ...fourNics, links: [...fourNics.links, nic('bond0', 7, { kind: 'bond', nic: false, options })] };
  const settings = advanced({ bonds: { bond0: { ...bond, mode: 'balance-tlb' } }, vlans });
  t.deepEqual(plan(confirmed, settings, localRoot, facts).said, ['bond0 short 3300', 'v5 short 3300']);
});

test("says what happens to the operator's own connection", (t) => {
  const facts = {
    ...fourNics,
    links: [
      nic('e0', 0, { addresses: [address('10.0.0.1/24')] }),
      nic('e1', 1, { addresses: [address('10.1.0.1/24')] }),
      nic('e2', 2),
      nic('e3', 3),
    ],
  };
  const said = (settings: NetworkSettings, local: string) =>
    plan(base, settings, remoteOperator(local), facts).said.at(-1);
  const without = advanced({ links: { e1: base.links['e1'] } });
  t.is(said(without, '10.0.0.1'), 'management connection lost null');
  t.is(said(without, '10.1.0.1'), 'management connection none 0');
  const moved = advanced({
    links: { e1: base.links['e1'] },
    bonds: { bond0: { mode: 'active-backup', members: ['e0', 'e2'], ...staticIpv4('10.0.0.1/24') } },
  });
  t.is(said(moved, '10.0.0.1'), 'management connection short 3100');
});
