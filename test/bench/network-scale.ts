/** verify + render of many VLANs: what every edit of the draft costs. */
import { setImmediate } from 'node:timers/promises';
import type { NetworkFacts } from '../../plugins/network/dist/settings/facts.js';
import { renderNetwork } from '../../plugins/network/dist/settings/render.js';
import { type NetworkSettings, networkSchema } from '../../plugins/network/dist/settings/schema.js';
import { verifyNetwork } from '../../plugins/network/dist/settings/verify.js';
import { type Figure, median } from './figure.ts';

const most = 4_000;
const fewest = 40;
const rounds = 11;
const facts: NetworkFacts = { links: [], connections: [] };

/** Every VLAN has an address, all on one bond, as far as ids reach (4094). */
function settingsWith(vlans: number): NetworkSettings {
  const entries = Array.from({ length: vlans }, (_, number) => {
    const address = `10.${(number >> 8) + 1}.${number & 255}.1/24`;
    return [`vlan${number + 1}`, { parent: 'bond0', id: number + 1, ipv4: { method: 'static', addresses: [address] } }];
  });
  return networkSchema.parse({
    mode: 'advanced',
    simple: { ipv4: { method: 'none' }, ipv6: { method: 'none' } },
    bonds: { bond0: { mode: 'active-backup', members: ['e0', 'e1'] } },
    vlans: Object.fromEntries(entries),
  });
}

/** Milliseconds for settings that were never seen before: nothing of an earlier round is kept for them but the parsed addresses. */
function once(settings: NetworkSettings, confirmed: NetworkSettings): number {
  const began = performance.now();
  const reports = verifyNetwork({ settings, confirmed, facts, caller: undefined });
  const { files } = renderNetwork(settings, facts);
  const elapsed = performance.now() - began;
  const expected = 2 * Object.keys(settings.vlans).length + 4;
  // Missing NICs are warnings without a caller; anything else would mean that less was done than is measured.
  if (files.length !== expected || reports.some(({ severity }) => severity === 'error'))
    throw new Error('the settings of the bench are wrong');
  return elapsed;
}

/** One round: as many VLANs in total whatever the settings' size, so that the collector's share is the same. */
async function measure(vlans: number, confirmed: NetworkSettings): Promise<number> {
  const fresh = Array.from({ length: most / vlans }, () => settingsWith(vlans));
  await setImmediate();
  return fresh.reduce((sum, settings) => sum + once(settings, confirmed), 0) / fresh.length;
}

export async function run(): Promise<readonly Figure[]> {
  const confirmed = settingsWith(1);
  const few: number[] = [];
  const many: number[] = [];
  for (let round = 0; round < rounds; round++) {
    few.push(await measure(fewest, confirmed));
    many.push(await measure(most, confirmed));
  }
  const figure = median(many);
  return [
    { name: `verify and render ${most} VLANs`, unit: 'ms', figure, limit: { kind: 'at most', value: 200 } },
    {
      name: `one of ${most} VLANs`,
      unit: 'µs',
      figure: (figure * 1_000) / most,
      peer: { name: `one of ${fewest}`, figure: (median(few) * 1_000) / fewest },
      // Linear is 1, a quadratic step would show as up to 100; between them are sorting (n log n) and the processor's caches.
      limit: { kind: 'at most', value: 2 },
    },
  ];
}
