/**
 * Bundles that no appliance may take, real ones, each refused for its own reason before anything is written. In a container, where RAUC reads
 * bundles and writes none; the bundles are small.
 */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BundleContent, type BundlePlan, writeBundle } from '../../firmware/bundle.ts';
import { builtInProfiles, MINIMUM_VERSION } from '../../firmware/firmware-record.ts';
import { buildImage } from '../../firmware/image.ts';
import { firmwareKeys, makeKeys } from '../../firmware/keys.ts';
import { mustRun } from '../../firmware/run-command.ts';
import { SitesLab } from '../integration/sites-lab.ts';
import { ApplianceInLab, check } from './appliance-in-lab.ts';

interface Examined {
  readonly reports: readonly { readonly code: string; readonly text: string }[];
}

const image = await buildImage((line) => console.log(`lab: ${line}`));
const keys = await firmwareKeys({ release: false });
const about: BundleContent = { version: '0.2.0', profiles: await builtInProfiles(), minimumVersion: MINIMUM_VERSION };
const folder = await mkdtemp(join(tmpdir(), 'gemel-bundles-'));
const made = join(folder, 'made');
await mkdir(made);
try {
  await run();
} finally {
  await rm(folder, { recursive: true });
}

async function run(): Promise<void> {
  const good = await bundle('good');
  const stranger = join(folder, 'stranger');
  await mkdir(stranger);
  await makeKeys(stranger, '/O=Somebody else/CN=Firmware');
  const otherKeys = {
    ...keys,
    certificate: join(stranger, 'signing.pem'),
    key: join(stranger, 'signing.key'),
    keyring: join(stranger, 'keyring.pem'),
  };
  await bundle('other-key', { keys: otherKeys });
  await bundle('other-product', { compatible: 'toaster' });
  await bundle('other-hardware', { about: { ...about, profiles: ['rack1'] } });
  await bundle('needs-newer', { about: { ...about, version: '0.9.0', minimumVersion: '0.8.0' } });
  await bundle('too-old', { about: { ...about, version: '0.0.9' } });
  await bundle('major', { about: { ...about, version: '1.0.0' } });
  await bundle('broken-code', { change: async (root) => breakCode(await small(root)) });
  const copy = async (name: string): Promise<string> => {
    const file = join(made, `${name}.raucb`);
    await mustRun(['cp', good, file]);
    return file;
  };
  await mustRun(['truncate', '--size=-100K', await copy('cut-off')]);
  await mustRun([
    'sh',
    '-c',
    'printf X | dd of="$1" bs=1 seek=300000 conv=notrunc status=none',
    'sh',
    await copy('damaged'),
  ]);
  // signature and its length are gone
  await mustRun(['sh', '-c', 'truncate --size=-4096 "$1"; head -c 8 /dev/zero >> "$1"', 'sh', await copy('unsigned')]);
  const notOne = join(made, 'not-a-bundle.raucb');
  await mustRun(['sh', '-c', 'head -c 1000000 /dev/urandom > "$1"', 'sh', notOne]);

  const expected: Readonly<Record<string, readonly string[]>> = {
    good: [],
    'broken-code': ['firmware.settings.refused'],
    'cut-off': ['firmware.bundle.unreadable'],
    damaged: ['firmware.bundle.damaged'],
    major: [],
    'needs-newer': ['firmware.version.needs-newer'],
    'not-a-bundle': ['firmware.bundle.unreadable'],
    'other-hardware': ['firmware.bundle.other-hardware'],
    'other-key': ['firmware.bundle.untrusted'],
    'other-product': ['firmware.bundle.other-product'],
    'too-old': ['firmware.version.too-old'],
    unsigned: ['firmware.bundle.untrusted'],
  };
  await using appliance = await ApplianceInLab.up('accept-refused', 'container');
  await appliance.lab.node('a').push(made, '/var/lib/gemel/incoming');
  for (const name of await readdir(made).then((names) => names.map((each) => each.replace(/\.raucb$/, '')).sort())) {
    const { reports } = await appliance.gemelJson<Examined>(
      'firmware',
      'inspect',
      `/var/lib/gemel/incoming/${name}.raucb`,
    );
    const codes = reports.map(({ code }) => code);
    const said = reports.map(({ text }) => text).join(' ');
    check(codes.join() === expected[name]?.join(), `${name}: ${said || 'can be installed'}`);
  }
  const sites = new SitesLab(appliance.lab);
  await sites.install('pages', '1.37');
  await appliance.gemel('site', 'create', 'shop', 'pages');
  const { reports } = await appliance.gemelJson<Examined>(
    ...['firmware', 'inspect', '/var/lib/gemel/incoming/major.raucb'],
  );
  check(
    reports.map(({ code }) => code).join() === 'sites.version.not-for-update',
    `major, with a site: ${reports.map(({ text }) => text).join(' ')}`,
  );
  const install = await appliance.exec('gemel', 'firmware', 'install', '/var/lib/gemel/incoming/good.raucb', '--yes');
  check(install.code !== 0 && install.stderr.includes('no firmware slots'), 'a machine without slots installs nothing');
  console.log(
    `${Object.values(expected).filter((codes) => codes.length > 0).length} bad bundles were refused, each for its own reason.`,
  );
}

async function bundle(name: string, more: Partial<BundlePlan> = {}): Promise<string> {
  const scratch = join(folder, `scratch-${name}`);
  await mkdir(scratch);
  const out = join(made, `${name}.raucb`);
  await writeBundle({ image, keys, about, scratch, out, change: async (root) => void (await small(root)), ...more });
  await rm(scratch, { recursive: true });
  return out;
}

/** Leaves what the settings are tried with. */
async function small(root: string): Promise<string> {
  const gemel = join(root, 'usr/lib/gemel');
  await mustRun(['mv', gemel, join(root, 'gemel')]);
  for (const name of await readdir(root))
    if (name !== 'gemel') await rm(join(root, name), { recursive: true, force: true });
  await mkdir(join(root, 'usr/lib'), { recursive: true });
  await mustRun(['mv', join(root, 'gemel'), gemel]);
  await rm(join(gemel, 'bin'), { recursive: true });
  return root;
}

async function breakCode(root: string): Promise<void> {
  await rm(join(root, 'usr/lib/gemel/core/dist/kernel'), { recursive: true });
}
