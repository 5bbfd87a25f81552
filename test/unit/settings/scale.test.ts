import { ScriptedSystem } from '@gemel/core/testing';
import type { Section } from '@gemel/core/sdk';
import test from 'ava';
import { z } from 'zod';
import { assess } from '#core/settings/activation/assessment.js';
import { SettingsEngine } from '#core/settings/index.js';
import { jane } from './world.js';

const schema = z.object({
  vlans: z.record(
    z.string(),
    z.object({ parent: z.string(), id: z.number().int(), mtu: z.number().int(), addresses: z.array(z.string()) }),
  ),
});
type Vlans = z.infer<typeof schema>;

const section: Section<Vlans, null> = {
  id: 'vlans',
  title: 'VLANs',
  scope: 'node',
  version: 1,
  schema,
  defaults: () => ({ vlans: {} }),
  readFacts: async () => null,
  verify: () => [],
  render: ({ settings }) => ({
    files: Object.entries(settings.vlans).flatMap(([name, vlan]) => [
      { path: `/run/net/${name}.netdev`, content: `Id=${vlan.id}\n` },
      { path: `/run/net/${name}.network`, content: vlan.addresses.join('\n') },
    ]),
    properties: [],
  }),
  plan: () => ({ units: [], interruptions: [] }),
  apply: async () => undefined,
  probe: async () => [],
};

function vlans(count: number): Vlans {
  const list = Array.from({ length: count }, (_, index) => [
    `vlan${index}`,
    { parent: 'bond0', id: index + 1, mtu: 1500, addresses: [`10.${index >> 8}.${index & 255}.1/24`] },
  ]);
  return { vlans: Object.fromEntries(list) };
}

/** Best of some runs: what the engine needs, not what else the machine does. */
async function millisecondsFor(count: number): Promise<number> {
  const system = new ScriptedSystem();
  const silent = () => undefined;
  const engine = new SettingsEngine({
    files: system.files,
    units: system.units,
    clock: system.clock,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    publish: silent,
    paths: { stateFolder: '/var/lib/gemel/settings' },
  });
  engine.register(section, 'vlans');
  await engine.recover();
  await engine.edit({ section: 'vlans', caller: jane, change: () => vlans(count) });
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 7; round++) {
    const raw = JSON.parse(JSON.stringify(vlans(count)));
    const document = new Map(engine.desk.document()).set('vlans', { version: 1, scope: 'node', settings: raw });
    const start = performance.now();
    const { work, reports } = await assess(engine.state, document, jane);
    best = Math.min(best, performance.now() - start);
    if (work[0]?.rendering.files.length !== 2 * count || reports.length > 0) throw new Error('not rendered whole');
  }
  return best;
}

test('verifying and rendering 4,000 VLANs is quick, and grows with their number only', async (t) => {
  await millisecondsFor(400);
  const small = await millisecondsFor(400);
  const large = await millisecondsFor(4_000);
  const huge = await millisecondsFor(8_000);
  t.log(`400: ${small.toFixed(1)} ms, 4,000: ${large.toFixed(1)} ms, 8,000: ${huge.toFixed(1)} ms`);
  t.true(large < 200, `${large} ms`);
  // Twenty times as many: linear is 20, quadratic 400, and a busy machine makes a few times out of either.
  t.true(huge < small * 150, `${huge} ms for 8,000, ${small} ms for 400`);
});
