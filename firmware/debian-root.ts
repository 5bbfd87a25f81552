import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, contentKey, type CacheEntry } from './cache.ts';
import { mustRun } from './run-command.ts';

const RECIPE = import.meta.dirname;
const SUITE = 'trixie';

/** GRUB modules inside the boot loader: GPT, ESP and ext4, grubenv, the console, and what grub.cfg calls. */
const GRUB_MODULES =
  'part_gpt fat ext2 loadenv search search_fs_file regexp smbios linux terminal test echo configfile normal';

/**
 * Left out while unpacking. Nobody reads manuals on an appliance; licences stay. Of the kernel's modules: what no server board needs. Of pcs
 * its daemon with all of Ruby: nodes find each other through Gemel, and the command needs only Python.
 */
const WITHOUT = [
  ...['ruby', 'rubygems-integration', 'ri', 'snmp', 'pcsd', 'pcs_snmp'].map((name) => `/usr/share/${name}/*`),
  ...['ruby', 'x86_64-linux-gnu/ruby', 'pcsd'].map((name) => `/usr/lib/${name}/*`),
  ...['/usr/lib/x86_64-linux-gnu/libruby*', '/var/lib/gems/*', '/usr/share/rubygems-integration/*'],
  ...['man', 'info', 'locale', 'doc'].map((name) => `/usr/share/${name}/*`),
  ...[
    'sound',
    'net/mac80211',
    'drivers/media',
    'drivers/net/wireless',
    'drivers/staging',
    'drivers/iio',
    'drivers/infiniband',
  ].map((name) => `/usr/lib/modules/*/kernel/${name}/*`),
  ...['amd', 'i915', 'nouveau', 'radeon', 'xe'].map((name) => `/usr/lib/modules/*/kernel/drivers/gpu/drm/${name}/*`),
];

/** Layer 1: Debian with the packages of packages.txt and our boot loader, as a folder. Slow (about 80 s) and rarely changed. */
export async function debianRoot(say: (line: string) => void): Promise<CacheEntry> {
  const packages = packageNames(await readFile(join(RECIPE, 'packages.txt'), 'utf8'));
  const options = buildOptions(packages);
  const inputs = ['before-packages', 'boot/loader.cfg'].map((path) => join(RECIPE, path));
  return cached(
    'debian',
    await contentKey(inputs, [SUITE, ...options]),
    async (folder) => {
      say(`building the Debian root, ${packages.length} packages and what they need (about 80 s)`);
      const root = join(folder, 'root');
      await mustRun(['mmdebstrap', ...options, SUITE, root], { workingFolder: RECIPE });
      // The kernel fills /dev; nodes made here would only hinder copying without privilege.
      await mustRun(['find', join(root, 'dev'), '-mindepth', '1', '-delete']);
    },
    () => say('another build of the Debian root is under way, waiting for it'),
  );
}

/** Hooks get the root's path as $1 and run in the recipe's folder. */
function buildOptions(packages: readonly string[]): string[] {
  const grub = [
    'grub-mkstandalone -O x86_64-efi -o /usr/lib/gemel/boot/BOOTX64.EFI',
    `--modules="${GRUB_MODULES}" --locales= --fonts= --themes= /boot/grub/grub.cfg=/tmp/loader.cfg`,
  ].join(' ');
  return [
    '--variant=minbase',
    '--quiet',
    `--include=${packages.join(',')}`,
    ...WITHOUT.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    '--dpkgopt=path-include=/usr/share/doc/*/copyright',
    '--essential-hook=tar -C before-packages -c . | tar -C "$1" -x --no-same-owner',
    '--customize-hook=cp boot/loader.cfg "$1/tmp/loader.cfg"',
    '--customize-hook=mkdir -p "$1/usr/lib/gemel/boot"',
    `--customize-hook=chroot "$1" ${grub}`,
    '--customize-hook=rm "$1/tmp/loader.cfg" "$1"/etc/ssh/ssh_host_*',
  ];
}

function packageNames(list: string): string[] {
  return list
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((name) => name !== '');
}
