import { ScriptedSystem } from '@gemel/core/testing';
import { HardwareServiceImpl } from '#hardware/hardware-service.js';
import { hardwareProfile } from '#hardware/inventory/hardware-status.js';
import { Machine } from '#hardware/system/machine.js';
import test from 'ava';

const cpu = (count: number) =>
  Array.from({ length: count }, (_, n) => `processor\t: ${n}\nmodel name\t: Intel(R) Xeon(R) E-2334\n`).join('\n');

interface World {
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly virtual?: { readonly kind: 'vm' | 'container'; readonly name: string };
}

const pci = '../../devices/pci0000:00/0000:00';

/** A rack1 with two disks in a mirror, four NICs whose names are in another order than their places, and a USB stick. */
const rack1: World = {
  files: {
    '/sys/class/dmi/id/sys_vendor': 'Gemel GmbH\n',
    '/sys/class/dmi/id/product_name': 'rack1\n',
    '/proc/cpuinfo': cpu(8),
    '/proc/meminfo': 'MemTotal:       32653312 kB\nMemFree: 1 kB\n',
    '/sys/block/sda/size': '937703088\n',
    '/sys/block/sda/removable': '0\n',
    '/sys/block/sdb/size': '937703088\n',
    '/sys/block/sdb/removable': '0\n',
    '/sys/block/sdc/size': '60000000\n',
    '/sys/block/sdc/removable': '1\n',
    '/sys/block/md0/size': '935301120\n',
    '/sys/block/md0/md/level': 'raid1\n',
    '/sys/block/md0/md/raid_disks': '2\n',
    '/sys/block/md0/slaves/sda2': '',
    '/sys/block/md0/slaves/sdb2': '',
    '/sys/block/loop0/size': '8\n',
    '/sys/class/net/eno1/x': '',
    '/sys/class/net/eno2/x': '',
    '/sys/class/net/enp1s0/x': '',
    '/sys/class/net/enp1s1/x': '',
    '/sys/class/net/lo/x': '',
    '/sys/class/ipmi/ipmi0/x': '',
  },
  links: {
    '/sys/block/sda': `${pci}:17.0/ata1/block/sda`,
    '/sys/block/sdb': `${pci}:17.0/ata2/block/sdb`,
    '/sys/block/sdc': `${pci}:14.0/usb1/block/sdc`,
    '/sys/block/md0': '../devices/virtual/block/md0',
    '/sys/block/loop0': '../devices/virtual/block/loop0',
    '/sys/class/net/enp1s0': `${pci}:01.0/0000:02:00.0/net/enp1s0`,
    '/sys/class/net/enp1s1': `${pci}:01.0/0000:02:00.1/net/enp1s1`,
    '/sys/class/net/eno1': `${pci}:1f.6/0000:10:00.0/net/eno1`,
    '/sys/class/net/eno2': `${pci}:1f.6/0000:10:00.1/net/eno2`,
    '/sys/class/net/lo': '../../devices/virtual/net/lo',
  },
};

async function newService({ files = {}, links = {}, virtual }: World) {
  const system = new ScriptedSystem({ files });
  const readLink = system.files.readLink.bind(system.files);
  system.files.readLink = async (path) => links[path] ?? (await readLink(path)); // sysfs links, which the memory store does not hold beside folders
  for (const kind of ['container', 'vm'] as const) {
    const result = virtual?.kind === kind ? `${virtual.name}\n` : { exitCode: 1, stdout: 'none\n' };
    system.commands.always(['systemd-detect-virt', `--${kind}`], result);
  }
  return { system, hardware: new HardwareServiceImpl(new Machine(system.files, system.commands), system.files) };
}

test('reads a rack machine: mirror counted once, removable and virtual devices not at all', async (t) => {
  const { hardware } = await newService(rack1);
  const status = await hardware.status();
  t.deepEqual(status.figures, {
    manufacturer: 'Gemel GmbH',
    product: 'rack1',
    virtualization: { kind: 'none', name: '' },
    cpuModel: 'Intel(R) Xeon(R) E-2334',
    cpus: 8,
    memoryBytes: 32_653_312 * 1_024,
    diskBytes: 935_301_120 * 512,
    nics: ['enp1s0', 'enp1s1', 'eno1', 'eno2'],
    raid: { level: 'raid1', disks: 2 },
    managementController: true,
  });
  t.is(status.profile?.id, 'rack1');
  t.is(status.why, 'manufacturer "Gemel GmbH", product "rack1"');
  t.deepEqual(status.nicRoles, [
    { nic: 'enp1s0', role: 'external' },
    { nic: 'enp1s1', role: 'external' },
    { nic: 'eno1', role: 'sync' },
    { nic: 'eno2', role: 'sync' },
  ]);
  t.deepEqual(status.reports, []);
  t.deepEqual(hardwareProfile.schema.parse(status), status);
});

test('names each expectation that a machine of the model does not meet', async (t) => {
  const files = Object.fromEntries(Object.entries(rack1.files ?? {}).filter(([path]) => !/md0|ipmi|eno2/.test(path)));
  const { hardware } = await newService({ ...rack1, files });
  const { reports } = await hardware.status();
  t.deepEqual(
    reports.map(({ code, params }) => `${code} ${params['what']}: ${params['found']}`),
    [
      'hardware.profile.unmet Network interfaces: 3',
      'hardware.profile.unmet RAID: none',
      'hardware.profile.unmet Management controller: no',
    ],
  );
});

test('a virtual machine with the firmware data of a rack1 is one; otherwise it is a virt1', async (t) => {
  const virtual = { kind: 'vm', name: 'kvm' } as const;
  const posing = await newService({ ...rack1, virtual });
  t.is((await posing.hardware.status()).profile?.id, 'rack1');
  const files = {
    ...rack1.files,
    '/sys/class/dmi/id/sys_vendor': 'QEMU\n',
    '/sys/class/dmi/id/product_name': 'Standard PC\n',
  };
  const plain = await (await newService({ ...rack1, files, virtual })).hardware.status();
  t.deepEqual([plain.profile?.id, plain.why], ['virt1', 'virtual machine (kvm)']);
});

test('a container is a virt1, whatever the firmware of its host is called', async (t) => {
  const net = '/sys/class/net';
  const files = {
    '/proc/cpuinfo': cpu(2),
    '/proc/meminfo': 'MemTotal: 4000000 kB\n',
    [`${net}/lo/ifindex`]: '1\n',
    [`${net}/lo/iflink`]: '1\n',
    [`${net}/host0/ifindex`]: '2\n',
    [`${net}/host0/iflink`]: '7\n',
    [`${net}/host0/uevent`]: 'INTERFACE=host0\nIFINDEX=2\n',
    [`${net}/host0.5/ifindex`]: '3\n',
    [`${net}/host0.5/iflink`]: '2\n',
    [`${net}/host0.5/uevent`]: 'DEVTYPE=vlan\nINTERFACE=host0.5\n',
    [`${net}/bond0/ifindex`]: '4\n',
    [`${net}/bond0/iflink`]: '4\n',
  };
  const names = ['lo', 'host0', 'host0.5', 'bond0'];
  const links = Object.fromEntries(names.map((name) => [`${net}/${name}`, `../../devices/virtual/net/${name}`]));
  const { hardware } = await newService({ files, links, virtual: { kind: 'container', name: 'systemd-nspawn' } });
  const status = await hardware.status();
  t.deepEqual(status.figures.nics, ['host0']);
  t.deepEqual([status.profile?.id, status.why], ['virt1', 'container (systemd-nspawn)']);
});

test('a machine that no profile fits is told as such and shown all the same', async (t) => {
  const files = { ...rack1.files, '/sys/class/dmi/id/product_name': 'rack10\n' };
  const { hardware } = await newService({ ...rack1, files });
  const status = await hardware.status();
  t.is(status.profile, null);
  t.deepEqual(
    status.reports.map(({ code, params }) => [code, params]),
    [['hardware.profile.none', { product: 'Gemel GmbH rack10' }]],
  );
  t.is(status.figures.cpus, 8);
});

test('a host that shows nothing gives an empty machine, not an error', async (t) => {
  const system = new ScriptedSystem();
  system.commands.missing('systemd-detect-virt');
  const status = await new HardwareServiceImpl(new Machine(system.files, system.commands), system.files).status();
  t.deepEqual(status.figures.virtualization, { kind: 'unknown', name: '' });
  t.is(status.profile, null);
  t.deepEqual(
    status.reports.map(({ code }) => code),
    ['hardware.profile.not-readable'],
  );
});

test('takes further profiles from the data folder, and tells of bad files without stopping', async (t) => {
  const mine = {
    id: 'rack10',
    title: 'My rack10',
    kind: 'rack',
    match: [{ product: ['RACK1?', 'rack10*'] }],
    expectations: { cpus: 1, memoryGiB: 1, diskGiB: 1, nics: ['external'], raid: null, managementController: false },
  };
  const folder = '/var/lib/gemel/profiles';
  const files = {
    ...rack1.files,
    '/sys/class/dmi/id/product_name': 'Rack10 (rev 2)\n',
    [`${folder}/a.json`]: '{',
    [`${folder}/b.json`]: JSON.stringify({ ...mine, match: [{}] }),
    [`${folder}/c.json`]: JSON.stringify({ ...mine, id: 'virt1' }),
    [`${folder}/mine.json`]: JSON.stringify(mine),
    [`${folder}/notes.txt`]: 'not a profile',
  };
  const { hardware } = await newService({ ...rack1, files });
  const status = await hardware.status();
  t.is(status.profile?.id, 'rack10');
  t.deepEqual(
    status.reports.map(({ code, params }) => [code, params['file']]),
    [
      ['hardware.profile.invalid', `${folder}/a.json`],
      ['hardware.profile.invalid', `${folder}/b.json`],
      ['hardware.profile.duplicate', `${folder}/c.json`],
    ],
  );
});
