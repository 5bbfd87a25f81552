import { parseAddress, parseInterfaceAddress, formatInterfaceAddress } from '#network/addresses/ip.js';
import { bondModes } from '#network/bonds/bond-modes.js';
import { interfaceOfFile } from '#network/networkd/names.js';
import { parseUnitFile, renderUnitFile, unitValues } from '#network/networkd/unit-file.js';
import { networkModel } from '#network/settings/network-model.js';
import { planNetwork } from '#network/settings/plan.js';
import { renderNetwork } from '#network/settings/render.js';
import { networkSchema } from '#network/settings/schema.js';
import { verifyNetwork } from '#network/settings/verify.js';
import { pendingMarks } from '#network/state/pending.js';
import test from 'ava';
import fc from 'fast-check';
import { fourNics, remoteOperator } from './network-world.js';

/** Mostly names and addresses that mean something, so that they collide; sometimes anything at all. */
const name = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('e0', 'e1', 'e2', 'e9', 'bond0', 'v5', '__proto__', 'constructor') },
  fc.string({ minLength: 1, maxLength: 20 }),
);
const ipv4 = fc
  .tuple(fc.constantFrom('10.0.0', '10.0.1', '224.0.0', '0.0.0'), fc.nat(255), fc.nat(33))
  .map(([net, host, prefix]) => `${net}.${host}/${prefix}`);
const ipv6 = fc.tuple(fc.nat(9), fc.nat(129)).map(([host, prefix]) => `fd00::${host}/${prefix}`);
const addressText = fc.oneof(ipv4, ipv6, fc.string({ minLength: 1, maxLength: 30 }));
const host = addressText.map((text) => text.replace(/\/.*/, '') || 'x');
const mtu = fc.option(fc.nat(65535), { nil: undefined });
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });

const addressing = {
  ipv4: optional(
    fc.record(
      {
        method: fc.constantFrom('static', 'dhcp', 'none'),
        addresses: fc.array(addressText, { maxLength: 3 }),
        gateway: host,
      },
      { requiredKeys: ['method'] },
    ),
  ),
  ipv6: optional(
    fc.record(
      {
        method: fc.constantFrom('static', 'slaac', 'dhcp', 'none'),
        addresses: fc.array(addressText, { maxLength: 3 }),
        gateway: host,
      },
      { requiredKeys: ['method'] },
    ),
  ),
  mtu,
  enabled: optional(fc.boolean()),
};
const hardwareAddress = optional(fc.constantFrom('52:54:00:77:00:00', '52:54:00:77:00:01', '52:54:00:77:00:99'));
const bond = fc.record({
  mode: fc.constantFrom(...bondModes),
  members: fc.array(name, { maxLength: 4 }),
  hardwareAddress,
  miiMonitorMs: optional(fc.nat(1000)),
  upDelayMs: optional(fc.nat(1000)),
  primary: optional(name),
  minLinks: optional(fc.nat(5)),
  lacpRate: optional(fc.constantFrom('slow', 'fast')),
  arpMonitor: optional(
    fc.record({
      intervalMs: fc.integer({ min: 1, max: 5000 }),
      targets: fc.array(host, { minLength: 1, maxLength: 3 }),
    }),
  ),
  ...addressing,
});
const settings = fc
  .record({
    mode: fc.constantFrom('simple', 'advanced', 'advanced', 'advanced'),
    simple: fc.record({
      interface: optional(name),
      hardwareAddress,
      ipv4: fc.record({ method: fc.constantFrom('static', 'dhcp', 'none'), address: optional(addressText) }),
      ipv6: fc.record({ method: fc.constantFrom('static', 'slaac', 'none'), gateway: optional(host) }),
    }),
    links: fc.dictionary(name, fc.record({ hardwareAddress, ...addressing }), { maxKeys: 4 }),
    bonds: fc.dictionary(name, bond, { maxKeys: 3 }),
    vlans: fc.dictionary(name, fc.record({ parent: name, id: fc.nat(4100), ...addressing }), { maxKeys: 4 }),
    routes: fc.array(
      fc.record({
        destination: fc.oneof(addressText, fc.constant('default')),
        gateway: optional(host),
        interface: optional(name),
        onLink: optional(fc.boolean()),
        preferredSource: optional(host),
      }),
      { maxLength: 3 },
    ),
  })
  .filter((parts) => networkSchema.safeParse(parts).success)
  .map((parts) => networkSchema.parse(parts));

const runs = { numRuns: 400 };

test('verify, render, plan and the marks never throw for anything the schema lets through', (t) => {
  fc.assert(
    fc.property(settings, settings, (draft, confirmed) => {
      const caller = remoteOperator('10.0.0.1');
      for (const report of verifyNetwork({ settings: draft, confirmed, facts: fourNics, caller })) {
        // a place of the text that was not filled in, unless somebody gave a name like one
        const places = report.text.match(/\{[a-zA-Z]+\}/g) ?? [];
        if (places.some((place) => !JSON.stringify(draft).includes(place))) throw new Error(report.text);
      }
      const { files } = renderNetwork(draft, fourNics);
      const changes = files.map(({ path, content }) => ({
        path,
        kind: 'create' as const,
        before: undefined,
        after: content,
      }));
      planNetwork({ settings: draft, confirmed, facts: fourNics, caller, changes });
      pendingMarks(confirmed, draft);
    }),
    runs,
  );
  t.pass();
});

test('what is rendered parses back to the same sections, in files of the right folder, one of each', (t) => {
  fc.assert(
    fc.property(settings, (draft) => {
      const { files } = renderNetwork(draft, fourNics);
      const paths = files.map(({ path }) => path);
      if (new Set(paths).size !== paths.length) throw new Error('a path twice');
      const model = networkModel(draft, fourNics);
      for (const { path, content } of files) {
        const interfaceName = interfaceOfFile(path);
        if (interfaceName === undefined || !model.interfaces.has(interfaceName))
          throw new Error(`${path} is of no interface`);
        const sections = parseUnitFile(content);
        if (renderUnitFile(sections) !== content) throw new Error(`${path} does not come back:\n${content}`);
        for (const address of unitValues(sections, 'Network', 'Address'))
          if (parseInterfaceAddress(address) === undefined) throw new Error(address);
      }
    }),
    runs,
  );
  t.pass();
});

test('rendering is the same for the same settings', (t) => {
  fc.assert(
    fc.property(settings, (draft) => {
      const again = networkSchema.parse(structuredClone(draft));
      t.deepEqual(renderNetwork(again, fourNics), renderNetwork(draft, fourNics));
    }),
    { numRuns: 100 },
  );
});

test('an address comes back in its one spelling', (t) => {
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (text, prefix) => {
      const parsed = parseInterfaceAddress(`${text}/${prefix}`);
      return (
        parsed !== undefined &&
        formatInterfaceAddress(parsed) === `${text}/${prefix}` &&
        parseAddress(parsed.text)?.value === parsed.value
      );
    }),
  );
  fc.assert(
    fc.property(fc.ipV6(), fc.integer({ min: 0, max: 128 }), (text, prefix) => {
      const parsed = parseInterfaceAddress(`${text}/${prefix}`);
      return parsed !== undefined && parseAddress(parsed.text)?.value === parsed.value;
    }),
  );
  t.is(parseInterfaceAddress('10.0.0.1/255.255.252.0')?.prefix, 22);
  t.is(parseInterfaceAddress('10.0.0.1/0.0.0.0')?.prefix, 0);
  t.is(parseInterfaceAddress('10.0.0.1/255.255.255.255')?.prefix, 32);
});
