import type { FurtherProbe } from '#network/contract.js';
import { networkModel } from '#network/settings/network-model.js';
import type { LinkFact } from '#network/settings/facts.js';
import { inspect, NetworkProbe } from '#network/settings/probe.js';
import { renderNetwork } from '#network/settings/render.js';
import { Networkd } from '#network/system/networkd.js';
import type { Report } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';
import { address, advanced, nic, staticIpv4 } from './network-world.js';
import { ScriptedKernel } from './scripted-kernel.js';

const settings = advanced({
  links: { e2: { ipv4: { method: 'dhcp' } } },
  bonds: { bond0: { mode: 'active-backup', members: ['e0', 'e1'], ...staticIpv4('10.0.0.1/24') } },
});

const options = {
  mode: 'active-backup',
  miimon: 100,
  arp_missed_max: 2,
  arp_all_targets: 'any',
  primary_reselect: 'always',
  num_peer_notif: 1,
  resend_igmp: 1,
};
const good: readonly LinkFact[] = [
  nic('e0', 0, { master: 'bond0' }),
  nic('e1', 1, { master: 'bond0' }),
  nic('e2', 2, { addresses: [address('10.9.0.5/24', { dynamic: true })] }),
  nic('bond0', 7, { kind: 'bond', nic: false, addresses: [address('10.0.0.1/24')], options }),
];

function look(change: (link: LinkFact) => LinkFact | undefined = (link) => link, setupState = 'configured') {
  const links = good.flatMap((link) => change(link) ?? []);
  const networkd = links.map(({ index, name }) => ({ index, name, setupState, networkFile: undefined }));
  const { reports, mayImprove } = inspect(networkModel(settings, { links, connections: [] }), links, networkd);
  return { said: reports.map(({ code, severity }) => `${severity} ${code.replace('network.probe.', '')}`), mayImprove };
}

const only = (name: string, special: Partial<LinkFact>) => (link: LinkFact) =>
  link.name === name ? { ...link, ...special } : link;

test('finds nothing where all is well', (t) => {
  t.deepEqual(look(), { said: [], mayImprove: false });
});

test('what makes the network wrong is an error, what may be outside the appliance a warning', (t) => {
  t.deepEqual(look(only('bond0', { addresses: [] })).said, ['error address-missing']);
  t.deepEqual(look(only('e1', { master: undefined })).said, ['error member-not-joined']);
  t.deepEqual(look(only('bond0', { options: { ...options, mode: 'balance-rr' } })).said, ['error bond-differs']);
  t.deepEqual(look(only('bond0', { addresses: [address('10.0.0.1/24', { dadFailed: true })] })).said, [
    'error address-duplicate',
  ]);
  t.deepEqual(look(({ name }) => good.find((link) => link.name === name && name !== 'bond0')).said.slice(0, 1), [
    'error not-configured',
  ]);
  t.deepEqual(look(only('e1', { carrier: false })).said, ['warning no-carrier']);
  t.deepEqual(look(only('e2', { addresses: [] })).said, ['warning no-lease']);
  t.deepEqual(look(({ name }) => good.find((link) => link.name === name && name !== 'e2')).said, [
    'warning link-absent',
  ]);
  t.true(look(undefined, 'failed').said.every((line) => line === 'error not-configured'));
});

test('waits for what may still come, not for what cannot', (t) => {
  t.true(look(only('e2', { addresses: [] })).mayImprove);
  t.false(look(({ name }) => good.find((link) => link.name === name && name !== 'e2')).mayImprove);
});

/** @param hardwareAddress Of who answers for 10.0.0.5, which e0 has just got beside 10.0.0.4. */
async function afterApply(hardwareAddress: string | undefined, further: readonly FurtherProbe[] = []) {
  const system = new ScriptedSystem();
  new ScriptedKernel(['e0', 'e1']).attach(system);
  const facts = { links: [], connections: [] };
  const texts = [['10.0.0.4/24'], ['10.0.0.4/24', '10.0.0.5/24']].map(
    (addresses) => renderNetwork(advanced({ links: { e0: staticIpv4(...addresses) } }), facts).files[0],
  );
  const path = texts[1]?.path ?? '';
  system.files.put(path, texts[1]?.content ?? '');
  await new Networkd(system.dbus, system.units).reload();
  system.commands.always(
    ['arping', '-D', '-c', '2', '-w', '2', '-I', 'e0', '10.0.0.5'],
    hardwareAddress === undefined
      ? ''
      : { exitCode: 1, stdout: `Unicast reply from 10.0.0.5 [${hardwareAddress}]  1ms\n` },
  );
  const reports = await new NetworkProbe(system, further).probe(
    {
      settings: advanced({ links: { e0: staticIpv4('10.0.0.4/24', '10.0.0.5/24') } }),
      facts,
      changes: [{ path, kind: 'change', before: texts[0]?.content, after: texts[1]?.content }],
      rendering: { files: [], properties: [] },
      document: { section: () => undefined },
      reason: 'activate',
    },
    new AbortController().signal,
  );
  return reports.map(({ code, severity, forceCode, path: place }) => [code, severity, forceCode, place]);
}

test('an IPv4 address that another host has is an error that may be overruled; this appliance is no other host', async (t) => {
  t.deepEqual(await afterApply('02:00:00:00:00:AA'), [
    ['network.probe.address-in-use', 'error', 'address-in-use', 'network/links/e0/ipv4/addresses/1'],
  ]);
  t.deepEqual(await afterApply('52:54:00:77:00:01'), []);
  t.deepEqual(await afterApply(undefined), []);
});

test('what other plugins look at joins in, and one that cannot look is told and stops nothing', async (t) => {
  const found: Report = { code: 'dns.silent', severity: 'warning', params: {}, path: '', text: 'Silent.' };
  const further = [
    { what: 'Whether DNS answers', look: async () => [found] },
    { what: 'The rest', look: () => Promise.reject(new Error('no program')) },
  ];
  t.deepEqual(await afterApply(undefined, further), [
    ['dns.silent', 'warning', undefined, ''],
    ['network.probe.unavailable', 'warning', undefined, ''],
  ]);
});
