import { ScriptedSystem } from '@gemel/core/testing';
import { differences, parseController, writeScript } from '#hardware/management/controller.js';
import { Management } from '#hardware/management/management.js';
import { type ManagementSettings, hardwareSettingsSchema } from '#hardware/management/schema.js';
import { verifyHardware } from '#hardware/management/verify.js';
import { Ipmitool } from '#hardware/system/ipmitool.js';
import test from 'ava';

/** As ipmitool 1.8.19 prints it. */
function printed({ address = '10.77.0.99', user = 'boss', enabled = true, access = 'always available' } = {}): string {
  return `Set in Progress         : Set Complete
IP Address Source       : Static Address
IP Address              : ${address}
Subnet Mask             : 255.255.255.0
MAC Address             : 00:00:00:00:00:01
Default Gateway IP      : 10.77.0.1
Channel 0x1 info:
  Channel Medium Type   : 802.3 LAN
    Access Mode         : ${access}
${[
  [2, 'lab', 'enabled', 'ADMINISTRATOR'],
  [3, user, enabled ? 'enabled' : 'disabled', 'ADMINISTRATOR'],
  [4, '', 'disabled', 'Unknown (0x00)'],
]
  .map(
    ([slot, name, messaging, level]) => `Maximum User IDs     : 63
Enabled User IDs     : 1

User ID              : ${slot}
User Name            : ${name}
Fixed Name           : No
Access Available     : call-in / callback
Link Authentication  : ${messaging}
IPMI Messaging       : ${messaging}
Privilege Level      : ${level}
Enable Status        : unknown
`,
  )
  .join('')}`;
}

const wanted: ManagementSettings = {
  enabled: true,
  address: '10.77.0.99',
  netmask: '255.255.255.0',
  gateway: '10.77.0.1',
  user: 'boss',
  password: 'secret-Word1',
};

test('what ipmitool prints is read: address, users with a name, access', (t) => {
  t.deepEqual(parseController(printed({ enabled: false })), {
    address: '10.77.0.99',
    netmask: '255.255.255.0',
    gateway: '10.77.0.1',
    static: true,
    users: [
      { slot: 2, name: 'lab', enabled: true, privilege: 'ADMINISTRATOR' },
      { slot: 3, name: 'boss', enabled: false, privilege: 'ADMINISTRATOR' },
    ],
    accessible: true,
  });
  t.is(parseController('Error: no response\n'), undefined);
});

function controllerOf(...options: Parameters<typeof printed>) {
  const controller = parseController(printed(...options));
  if (controller === undefined) throw new Error('the sample is one');
  return controller;
}

test('a known user keeps its slot, a new one takes the first free slot from 3 on', (t) => {
  const slots = (script: readonly string[]) => script.filter((line) => line.startsWith('user set name'));
  t.deepEqual(slots(writeScript(wanted, controllerOf())), ['user set name 3 boss']);
  t.deepEqual(slots(writeScript({ ...wanted, user: 'new' }, controllerOf())), ['user set name 4 new']);
});

test('switching on says everything, in an order in which nobody gets in half-way', (t) => {
  t.deepEqual(writeScript({ ...wanted, gateway: '' }, controllerOf()), [
    'lan set 1 ipsrc static',
    'lan set 1 ipaddr 10.77.0.99',
    'lan set 1 netmask 255.255.255.0',
    'lan set 1 defgw ipaddr 0.0.0.0',
    'user set name 3 boss',
    'user set password 3 "secret-Word1"',
    'channel setaccess 1 3 callin=on ipmi=on link=on privilege=4',
    'user enable 3',
    'lan set 1 access on',
  ]);
});

test('a password that is longer than IPMI 1.5 knew is set with the length of IPMI 2.0', (t) => {
  const script = (password: string) => writeScript({ ...wanted, password }, controllerOf());
  t.true(script('sixteen-bytes-ok').includes('user set password 3 "sixteen-bytes-ok"'));
  t.true(script('seventeen-bytes-x').includes('user set password 3 "seventeen-bytes-x" 20'));
});

test('switching off takes the user and the access, and leaves users of others', (t) => {
  t.deepEqual(writeScript({ ...wanted, enabled: false }, controllerOf()), ['user disable 3', 'lan set 1 access off']);
});

test('differences name what was changed at the controller', (t) => {
  t.deepEqual(differences(wanted, controllerOf()), []);
  t.deepEqual(differences(wanted, controllerOf({ address: '10.77.0.50', enabled: false })), [
    { what: 'address', found: '10.77.0.50', wanted: '10.77.0.99' },
    { what: 'user boss', found: 'disabled', wanted: 'enabled' },
  ]);
  const off = { ...wanted, enabled: false };
  t.deepEqual(differences(off, controllerOf({ access: 'disabled' })), []);
  t.deepEqual(differences(off, controllerOf({ enabled: false })), []);
  t.is(differences(off, controllerOf())[0]?.what, 'access over the network');
});

const verify = (management: Partial<ManagementSettings>, controller = true) =>
  verifyHardware({ settings: { management: { ...wanted, ...management } }, facts: { controller } }).map(
    ({ code, path }) => `${code} ${path}`,
  );

test('it is shipped switched off, and then nothing is wrong with it', (t) => {
  const settings = hardwareSettingsSchema.parse({});
  t.false(settings.management.enabled);
  t.deepEqual(verifyHardware({ settings, facts: { controller: false } }), []);
});

test('switched on it needs a controller, an address, a netmask, a user and a password', (t) => {
  t.deepEqual(verify({}), []);
  t.deepEqual(verify({}, false), ['hardware.management.absent hardware/management/enabled']);
  t.deepEqual(verify({ address: '', netmask: '', user: '', password: '' }), [
    'hardware.management.incomplete hardware/management/address',
    'hardware.management.incomplete hardware/management/netmask',
    'hardware.management.incomplete hardware/management/user',
    'hardware.management.incomplete hardware/management/password',
  ]);
});

test('a netmask with holes and a gateway outside are named', (t) => {
  t.deepEqual(verify({ netmask: '255.0.255.0' }), ['hardware.management.netmask hardware/management/netmask']);
  t.deepEqual(verify({ gateway: '10.78.0.1' }), ['hardware.management.gateway-outside hardware/management/gateway']);
  t.deepEqual(verify({ gateway: '' }), []);
});

test('names and passwords that could break out of a line for ipmitool are refused', (t) => {
  const fits = (management: object) => hardwareSettingsSchema.safeParse({ management }).success;
  for (const password of [
    'short',
    'with blank1',
    'quo"te-here',
    "quo'te-here",
    'back\\slash',
    'line\nbreak1',
    'x'.repeat(21),
  ])
    t.false(fits({ password }), password);
  t.true(fits({ password: '!#$%&()*+,-./:;<=>?'.slice(0, 19) }));
  for (const user of ['two words', 'line\nbreak', 'x'.repeat(17)]) t.false(fits({ user }), user);
  t.false(fits({ address: '10.77.0.256' }));
});

function world() {
  const system = new ScriptedSystem({ files: { '/sys/class/ipmi/ipmi0/x': '' } });
  return { system, management: new Management(new Ipmitool(system.commands, system.files)) };
}
const shell = ['ipmitool', '-I', 'open', 'shell'];

test('the password reaches ipmitool by its input and is in no argument', async (t) => {
  const { system, management } = world();
  let told = false;
  system.commands.always(shell, (_argv, { input }) => {
    told ||= input?.includes('user set') ?? false;
    return printed(told ? {} : { address: '0.0.0.0', user: '' });
  });
  await management.apply(wanted, new AbortController().signal);
  t.true(system.commands.runs.some(({ input }) => input?.includes('user set password 3 "secret-Word1"')));
  t.false(system.commands.runs.some(({ argv }) => argv.join(' ').includes('secret')));
  t.deepEqual(await management.view(wanted), { state: 'on', controller: controllerOf(), reports: [] });
});

test('a controller that does not take the settings is told with what it has', async (t) => {
  const { system, management } = world();
  system.commands.always(shell, printed({ address: '10.77.0.50' }));
  const failure = await t.throwsAsync(management.apply(wanted, new AbortController().signal));
  t.is(
    failure?.message,
    'The management controller did not take address: it has 10.77.0.50 instead of 10.77.0.99. See its manual for what it allows.',
  );
});

test('a silent controller is a state with a reason, and applying to it says so', async (t) => {
  const { system, management } = world();
  const { ApplianceError } = await import('@gemel/core/sdk');
  system.commands.always(shell, new ApplianceError('timeout', 'ipmitool did not end within 25 s and was stopped.'));
  const view = await management.view(wanted);
  t.deepEqual([view.state, view.reports[0]?.params], ['silent', { reason: 'no answer within 25 s' }]);
  await t.throwsAsync(management.apply(wanted, new AbortController().signal), { code: 'unavailable' } as object);
});

test('a controller that ipmitool finds no way to is silent, whatever prompts it prints', async (t) => {
  const { system, management } = world();
  system.commands.always(shell, {
    stdout: 'ipmitool> lan print 1\nipmitool> exit\n',
    stderr: 'No response\n',
    exitCode: 1,
  });
  t.deepEqual((await management.view(wanted)).reports[0]?.params, { reason: 'No response' });
});

test('without a controller nothing is asked', async (t) => {
  const system = new ScriptedSystem();
  const management = new Management(new Ipmitool(system.commands, system.files));
  t.is((await management.view(wanted)).state, 'none');
  t.deepEqual(system.commands.runs, []);
});
