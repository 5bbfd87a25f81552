import { ScriptedSystem } from '@gemel/core/testing';
import {
  accessScript,
  chooseSlot,
  differences,
  offScript,
  parseController,
  passwordScript,
} from '#hardware/management/controller.js';
import { Management } from '#hardware/management/management.js';
import { OwnUsers } from '#hardware/management/own-users.js';
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
    slots: 63,
    accessible: true,
  });
  t.is(parseController('Error: no response\n'), undefined);
});

function controllerOf(...options: Parameters<typeof printed>) {
  const controller = parseController(printed(...options));
  if (controller === undefined) throw new Error('the sample is one');
  return controller;
}

test('a user keeps its slot, takes over that of its former name, or takes the first free one from 3 on', (t) => {
  t.is(chooseSlot(controllerOf(), 'boss', []), 3);
  t.is(chooseSlot(controllerOf(), 'new', ['boss']), 3);
  t.is(chooseSlot(controllerOf(), 'new', []), 4);
  // the maker's own administrator is not renamed
  t.is(chooseSlot(controllerOf(), 'new', ['lab']), 4);
});

test('users of others are never taken over: with all slots taken there is none', (t) => {
  const taken = (slots: number, users: number) => ({
    ...controllerOf(),
    slots,
    users: Array.from({ length: users }, (_, index) => {
      return { slot: index + 2, name: `other${index}`, enabled: true, privilege: 'ADMINISTRATOR' };
    }),
  });
  t.is(chooseSlot(taken(10, 5), 'boss', []), 7);
  t.is(chooseSlot(taken(10, 9), 'boss', []), undefined);
});

test('the password is set and asked for before anybody is let in', (t) => {
  t.deepEqual(passwordScript(wanted, 3), [
    'user set name 3 boss',
    'user set password 3 "secret-Word1"',
    'user test 3 16 "secret-Word1"',
  ]);
  t.deepEqual(accessScript({ ...wanted, gateway: '' }, controllerOf(), 3, []), [
    'lan set 1 ipsrc static',
    'lan set 1 ipaddr 10.77.0.99',
    'lan set 1 netmask 255.255.255.0',
    'lan set 1 defgw ipaddr 0.0.0.0',
    'channel setaccess 1 3 callin=on ipmi=on link=on privilege=4',
    'user enable 3',
    'lan set 1 access on',
    'channel info 1',
  ]);
});

test('a password that is longer than IPMI 1.5 knew is set and asked for with the length of IPMI 2.0', (t) => {
  const script = (password: string) => passwordScript({ ...wanted, password }, 3).slice(1);
  t.deepEqual(script('sixteen-bytes-ok'), [
    'user set password 3 "sixteen-bytes-ok"',
    'user test 3 16 "sixteen-bytes-ok"',
  ]);
  t.deepEqual(script('seventeen-bytes-x'), [
    'user set password 3 "seventeen-bytes-x" 20',
    'user test 3 20 "seventeen-bytes-x"',
  ]);
});

test('switching off takes the user, its former names and the access, and leaves users of others', (t) => {
  const off = { ...wanted, enabled: false };
  t.deepEqual(offScript(off, controllerOf(), []), ['user disable 3', 'lan set 1 access off', 'channel info 1']);
  t.deepEqual(offScript({ ...off, user: 'new' }, controllerOf(), ['boss']), [
    'channel setaccess 1 3 ipmi=off',
    'user disable 3',
    'lan set 1 access off',
    'channel info 1',
  ]);
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

function world(names?: readonly string[]) {
  const own = '/data/management-users.json';
  const system = new ScriptedSystem({
    files: { '/sys/class/ipmi/ipmi0/x': '', ...(names && { [own]: `${JSON.stringify(names)}\n` }) },
  });
  const management = new Management(new Ipmitool(system.commands, system.files), new OwnUsers(system.files, '/data'));
  return { system, management, own: async () => JSON.parse((await system.files.read(own)) ?? 'null') as unknown };
}
const shell = ['ipmitool', '-I', 'open', 'shell'];
const signal = new AbortController().signal;

/** A controller that takes everything. @param verdict What it says to a test of the password. */
function obedient(system: ScriptedSystem, verdict = 'Success', before: Parameters<typeof printed>[0] = { user: '' }) {
  let now = printed(before);
  system.commands.always(shell, (_argv, { input = '' }) => {
    if (input.includes('user test')) return `${verdict}\n`;
    const name = /user set name 3 (\S+)/.exec(system.commands.runs.map((run) => run.input).join('\n'))?.[1];
    if (input.includes('access on') && name !== undefined) now = printed({ user: name });
    return now;
  });
}

const inputs = ({ commands }: ScriptedSystem) => commands.runs.map(({ input }) => input ?? '');

test('the password reaches ipmitool by its input and is in no argument', async (t) => {
  const { system, management, own } = world();
  obedient(system);
  await management.apply(wanted, signal);
  t.true(inputs(system).some((input) => input.includes('user set password 3 "secret-Word1"')));
  t.false(system.commands.runs.some(({ argv }) => argv.join(' ').includes('secret')));
  t.deepEqual(await management.view(wanted), { state: 'on', controller: controllerOf(), reports: [] });
  t.deepEqual(await own(), ['boss']);
});

test('a password that the controller does not have afterwards fails, and nobody is let in', async (t) => {
  for (const [verdict, reason] of [
    ['Failure: password incorrect', 'password incorrect'],
    ['Unknown error', 'Unknown error'],
    ['Set User Password command failed', 'it did not say whether it has it'],
  ] as const) {
    const { system, management } = world();
    obedient(system, verdict);
    const failure = await t.throwsAsync(management.apply(wanted, signal), { code: 'engine-failed' } as object);
    t.is(
      failure?.message,
      `The management controller did not take the password of user boss: ${reason}. Choose another one; its manual says what it allows.`,
    );
    t.false(inputs(system).some((input) => input.includes('user enable')));
  }
});

test('a controller that falls silent while it is told has not taken the settings', async (t) => {
  const { system, management } = world();
  const { ApplianceError } = await import('@gemel/core/sdk');
  system.commands.always(shell, (_argv, { input = '' }) => {
    if (input.includes('user set password')) throw new ApplianceError('timeout', 'ipmitool did not end within 25 s.');
    return printed();
  });
  await t.throwsAsync(management.apply(wanted, signal), { code: 'unavailable' } as object);
});

test('a renamed user keeps its slot, and nobody gets in by the former name', async (t) => {
  const { system, management, own } = world(['boss']);
  obedient(system, 'Success', { user: 'boss' });
  await management.apply({ ...wanted, user: 'chief' }, signal);
  t.true(inputs(system).some((input) => input.includes('user set name 3 chief')));
  t.deepEqual(await own(), ['chief']);
});

test('a former user in another slot is disabled, and one that stays enabled is a failure', async (t) => {
  const { system, management, own } = world(['lab']);
  obedient(system, 'Success', { user: 'boss' });
  const failure = await t.throwsAsync(management.apply(wanted, signal), { code: 'engine-failed' } as object);
  t.regex(failure?.message ?? '', /did not take user lab: it has enabled instead of disabled/);
  t.true(inputs(system).some((input) => input.includes('channel setaccess 1 2 ipmi=off\nuser disable 2')));
  t.deepEqual(await own(), ['boss', 'lab']);
});

test('further users are read while one is not found, and no more of them when nobody lies there', async (t) => {
  const { system, management } = world();
  const taken = [2, 3, 4, 5, 6, 7].map((slot) => `User ID : ${slot}\nUser Name : other${slot}\n`);
  system.commands.always(shell, (_argv, { input = '' }) => {
    if (input.includes('lan print'))
      return `IP Address : 10.77.0.99\nMaximum User IDs : 63\n${taken.slice(0, 5).join('')}`;
    return input.includes('getaccess 1 7\n') ? (taken[5] ?? '') : 'User ID : 15\nUser Name :\n';
  });
  const { controller } = await management.view(wanted);
  t.is(controller?.users.at(-1)?.name, 'other7');
  t.is(system.commands.runs.length, 3);
  t.regex(inputs(system)[2] ?? '', /getaccess 1 15\n[^]*getaccess 1 22\n/);
});

test('without room for the user nothing is told', async (t) => {
  const { system, management, own } = world();
  const others = Array.from({ length: 9 }, (_, index) => {
    return `User ID : ${index + 2}\nUser Name : other${index}\nIPMI Messaging : enabled\n`;
  });
  const lan = 'IP Address : 10.77.0.99\nMaximum User IDs : 10\n';
  system.commands.always(shell, (_argv, { input = '' }) =>
    input.includes('lan print') ? lan + others.slice(0, 5).join('') : others.slice(5).join(''),
  );
  const failure = await t.throwsAsync(management.apply(wanted, signal), { code: 'conflict' } as object);
  t.is(
    failure?.message,
    'The management controller has 9 users and no room for boss. Remove one there, or use the name of one of them.',
  );
  t.is(system.commands.runs.length, 2);
  t.deepEqual(await own(), null);
});

test('a controller that does not take the settings is told with what it has', async (t) => {
  const { system, management } = world();
  system.commands.always(shell, (_argv, { input = '' }) =>
    input.includes('user test') ? 'Success\n' : printed({ address: '10.77.0.50' }),
  );
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
  const management = new Management(new Ipmitool(system.commands, system.files), new OwnUsers(system.files, '/data'));
  t.is((await management.view(wanted)).state, 'none');
  t.deepEqual(system.commands.runs, []);
});
