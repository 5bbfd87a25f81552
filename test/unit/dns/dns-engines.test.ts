import { FakeClock, ScriptedSystem } from '@gemel/core/testing';
import { ApplianceError, type CommandRunner, type EventDefinition, type EventsAccess } from '@gemel/core/sdk';
import { type DnsServerStatus, dnsResolution } from '#dns/servers/dns-status.js';
import { DnsServiceImpl } from '#dns/dns-service.js';
import { DnsWatch } from '#dns/servers/dns-watch.js';
import { checkServers } from '#dns/servers/server-check.js';
import { DnsApply } from '#dns/settings/apply.js';
import { renderDns } from '#dns/settings/render.js';
import { dnsSettingsSchema } from '#dns/settings/schema.js';
import { Resolved } from '#dns/system/resolved.js';
import { parseKdig } from '#dns/system/server-query.js';
import test from 'ava';

const manager = ['org.freedesktop.resolve1', '/org/freedesktop/resolve1', 'org.freedesktop.resolve1.Manager'] as const;

/** As kdig 3.4.6 prints. */
function answer(rcode: string, latency = '5.3'): string {
  return `;; ->>HEADER<<- opcode: QUERY; status: ${rcode}; id: 595\n;; Flags: qr rd ra\n\n;; Received 17 B\n;; From 10.9.0.1@53(UDP) in ${latency} ms\n`;
}
const timeout = {
  exitCode: 1,
  stderr: ';; WARNING: response timeout for 10.9.0.5@53(UDP)\n;; ERROR: failed to query server 10.9.0.5@53(UDP)\n',
};

function kdig(address: string, port: number, tls: readonly string[] = [], domain = '.'): readonly string[] {
  return ['kdig', `@${address}`, '-p', String(port), ...tls, domain, 'NS', '+timeout=2', '+retry=1'];
}

test('understands answers and every way of not getting one', (t) => {
  t.deepEqual(parseKdig(answer('NOERROR'), ''), { kind: 'answer', rcode: 'NOERROR', latencyMs: 5.3 });
  const reasonOf = (warning: string) => {
    const parsed = parseKdig('', `;; WARNING: ${warning}\n;; ERROR: failed to query server 10.9.0.1@853(TCP)\n`);
    return parsed.kind === 'silence' ? parsed.reason : parsed.kind;
  };
  t.is(reasonOf('response timeout for 10.9.0.5@53(UDP)'), 'no answer');
  t.is(reasonOf("can't connect to 10.9.0.5@853(TLS)"), 'it refuses the connection');
  t.is(reasonOf("can't send query to 10.200.0.1@53(UDP)"), 'there is no route to it');
  t.is(
    reasonOf('TLS, handshake failed (Error in the certificate.)'),
    'its TLS certificate is not accepted (Error in the certificate.)',
  );
  t.deepEqual(parseKdig('', 'Failed to start transient unit\n'), {
    kind: 'unasked',
    reason: 'Failed to start transient unit',
  });
});

test('asks each server the way resolved would, and tells refusal from silence', async (t) => {
  const system = new ScriptedSystem();
  system.commands
    .always(kdig('10.9.0.1', 53), answer('NXDOMAIN'))
    .always(kdig('10.9.0.2', 5353), answer('REFUSED', '0.6'))
    .always(kdig('fe80::53%lo', 53), timeout);
  const settings = dnsSettingsSchema.parse({
    servers: [{ address: '10.9.0.1' }, { address: '10.9.0.2', port: 5353 }, { address: 'fe80::53%lo' }],
  });
  const results = await checkServers(system.commands, settings, () => 7);
  t.deepEqual(results, [
    { address: '10.9.0.1', port: 53, tls: false, state: 'answers', reason: '', latencyMs: 5.3, checkedAt: 7 },
    {
      address: '10.9.0.2',
      port: 5353,
      tls: false,
      state: 'refuses',
      reason: 'it does not serve this device (REFUSED)',
      latencyMs: 0.6,
      checkedAt: 7,
    },
    {
      address: 'fe80::53%lo',
      port: 53,
      tls: false,
      state: 'silent',
      reason: 'no answer',
      latencyMs: null,
      checkedAt: 7,
    },
  ]);
});

test('checks the certificate where TLS is demanded, and asks for the first search domain', async (t) => {
  const system = new ScriptedSystem();
  const tls = (name: string) => ['+tls-ca', `+tls-hostname=${name}`];
  system.commands
    .always(kdig('10.9.0.1', 853, tls('dns.example.org'), 'example.org'), answer('NOERROR'))
    .always(kdig('10.9.0.2', 853, tls('10.9.0.2'), 'example.org'), answer('NOERROR'));
  const settings = dnsSettingsSchema.parse({
    servers: [{ address: '10.9.0.1', tlsName: 'dns.example.org' }, { address: '10.9.0.2' }],
    searchDomains: ['example.org'],
    dnsOverTls: 'yes',
  });
  const results = await checkServers(system.commands, settings, () => 0);
  t.deepEqual(
    results.map(({ state, tls: encrypted }) => [state, encrypted]),
    [
      ['answers', true],
      ['answers', true],
    ],
  );
});

test('a host that cannot ask says so instead of blaming the server', async (t) => {
  const system = new ScriptedSystem();
  const settings = dnsSettingsSchema.parse({ servers: [{ address: '10.9.0.1' }] });
  system.commands.missing('kdig');
  const [absent] = await checkServers(system.commands, settings, () => 0);
  t.deepEqual([absent?.state, absent?.reason], ['unchecked', 'kdig is not installed.']);
});

function newWorld(known: readonly unknown[]) {
  const system = new ScriptedSystem({ files: { '/sys/class/net/bond0/ifindex': '4\n' } });
  system.units.add('systemd-resolved.service', 'active');
  system.dbus.properties(...manager, { DNSEx: known });
  return { system, resolved: new Resolved(system) };
}

const settings = dnsSettingsSchema.parse({ servers: [{ address: '10.9.0.1' }] });
const input = {
  settings,
  facts: null,
  document: { section: () => undefined },
  rendering: renderDns(settings),
  changes: [{ path: '/run/systemd/resolved.conf.d/gemel.conf', kind: 'create', before: undefined, after: '' }],
  reason: 'activate',
} as const;
const never = new AbortController().signal;

test('reloads resolved, and leaves a host without it alone', async (t) => {
  const { system, resolved } = newWorld([]);
  await new DnsApply(resolved, system.commands, () => system.clock.now()).apply();
  t.true(system.faults.journal.some((step) => step.includes('systemd-resolved.service')));
  const bare = new ScriptedSystem();
  const engines = new DnsApply(new Resolved(bare), bare.commands, () => bare.clock.now());
  await engines.apply();
  t.deepEqual(bare.faults.journal, []);
  t.deepEqual(
    (await engines.probe(input, never)).map(({ code }) => code),
    ['dns.engine.absent'],
  );
});

test('the probe compares with what resolved uses and asks the servers', async (t) => {
  const { system, resolved } = newWorld([[0, 2, [10, 9, 0, 1], 0, '']]);
  const engines = new DnsApply(resolved, system.commands, () => system.clock.now());
  system.commands.once(kdig('10.9.0.1', 53), answer('NOERROR'));
  t.deepEqual(await engines.probe(input, never), []);
  system.commands.once(kdig('10.9.0.1', 53), timeout);
  t.deepEqual(
    (await engines.probe(input, never)).map(({ code, params }) => [code, params['reasons']]),
    [['dns.server.none-answering', '10.9.0.1: no answer']],
  );
  system.dbus.properties(...manager, { DNSEx: [] });
  const differs = await engines.probe({ ...input, reason: 'boot' }, never);
  t.deepEqual(
    differs.map(({ code, params }) => [code, params]),
    [['dns.engine.differs', { actual: 'none', wanted: '10.9.0.1' }]],
  );
});

test('after a change of the network the entered servers are asked, where there are any', async (t) => {
  const { system, resolved } = newWorld([[0, 2, [10, 9, 0, 1], 0, '']]);
  const engines = new DnsApply(resolved, system.commands, () => system.clock.now());
  t.deepEqual(await engines.afterNetwork(dnsSettingsSchema.parse({}), never), []);
  system.commands.once(kdig('10.9.0.1', 53), answer('NOERROR'));
  t.deepEqual(await engines.afterNetwork(input.settings, never), []);
  system.commands.once(kdig('10.9.0.1', 53), timeout);
  t.deepEqual(
    (await engines.afterNetwork(input.settings, never)).map(({ code, severity, params }) => [
      code,
      severity,
      params['reasons'],
    ]),
    [['dns.server.none-answering', 'warning', '10.9.0.1: no answer']],
  );
});

test('the probe is over as soon as one server answers', async (t) => {
  const two = dnsSettingsSchema.parse({ servers: [{ address: '10.9.0.1' }, { address: '10.9.0.5' }] });
  const known = ['10.9.0.1', '10.9.0.5'].map((address) => [0, 2, address.split('.').map(Number), 0, '']);
  const { system, resolved } = newWorld(known);
  let stopped = false;
  const commands: CommandRunner = {
    run: (argv, options) =>
      new Promise((resolve, reject) => {
        if (argv[1] === '@10.9.0.1') resolve({ exitCode: 0, stdout: answer('NOERROR'), stderr: '' });
        options?.signal?.addEventListener('abort', () => {
          stopped = true;
          reject(new ApplianceError('cancelled', 'kdig was cancelled.'));
        });
      }),
  };
  const engines = new DnsApply(resolved, commands, () => system.clock.now());
  t.deepEqual(await engines.probe({ ...input, settings: two }, never), []);
  t.true(stopped);
});

test('the status joins entered servers, their checks and what interfaces learned', async (t) => {
  const learned = [4, 10, Uint8Array.from([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53]), 0, ''];
  const { resolved } = newWorld([[0, 2, [10, 9, 0, 1], 0, ''], learned]);
  const access = { running: () => settings } as unknown as ConstructorParameters<typeof DnsServiceImpl>[1]; // only `running` is used
  const silent = (server: DnsServerStatus): DnsServerStatus => ({ ...server, state: 'silent', reason: 'no answer' });
  const status = await new DnsServiceImpl(resolved, access, silent).status();
  t.deepEqual(status.linkServers, [{ interface: 'bond0', address: '2001:db8::53' }]);
  t.deepEqual(dnsResolution.overview?.(status), [
    ['Name resolution', { text: '1 of 1 servers fail: 10.9.0.1 (no answer)', tone: 'bad' }],
  ]);
  t.deepEqual(dnsResolution.schema.parse(status), status);
});

test('tells of a failure and of the recovery once, and looks sooner while something fails', async (t) => {
  const clock = new FakeClock();
  const told: (readonly [string, unknown])[] = [];
  const events = {
    publish: (definition: EventDefinition<unknown>, payload: unknown) => void told.push([definition.id, payload]),
  } as unknown as EventsAccess; // the watch only publishes
  let state: DnsServerStatus['state'] = 'answers';
  let checks = 0;
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const check = async (): Promise<readonly DnsServerStatus[]> => {
    checks += 1;
    return [{ address: '10.9.0.1', port: 53, tls: false, state, reason: 'no answer', latencyMs: 2, checkedAt: 0 }];
  };
  const watch = new DnsWatch({ clock, events, log, check, onChecked: () => {} });
  await watch.check();
  await clock.advance(60_000);
  t.is(checks, 1, 'a healthy server is left alone for five minutes');
  state = 'silent';
  await watch.check();
  await clock.advance(60_000);
  t.is(checks, 4, 'a failing one is asked every thirty seconds');
  state = 'answers';
  await watch.check();
  t.deepEqual(told, [
    ['dns.server.failed', { server: '10.9.0.1', reason: 'no answer' }],
    ['dns.server.recovered', { server: '10.9.0.1', latencyMs: 2 }],
  ]);
  await watch[Symbol.asyncDispose]();
  t.is(clock.pending, 0);
});

test('a failing check is logged and ends with the plugin', async (t) => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = {
    debug() {},
    info() {},
    warn: (_fields: unknown, message: string) => void lines.push(message),
    error() {},
  };
  const check = async () => {
    throw new ApplianceError('timeout', 'too late');
  };
  const events = { publish: () => t.fail() } as unknown as EventsAccess; // nothing may be told
  const watch = new DnsWatch({ clock, events, log, check, onChecked: () => t.fail() });
  await watch.check();
  t.deepEqual(lines, ['DNS servers could not be checked']);
  await watch[Symbol.asyncDispose]();
  await watch.check();
  t.is(lines.length, 1);
});
