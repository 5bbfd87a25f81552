import { existsSync } from 'node:fs';
import { lutimes, mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cached, contentKey, newest, prune } from './cache.ts';
import { debianRoot } from './debian-root.ts';
import { DATA_FOLDERS, writeDisk } from './disk.ts';
import { FIRMWARE_RECORD, firmwareRecord, replaceFile } from './firmware-record.ts';
import { installGemel, repositoryInputs, requireCompiledOutput } from './gemel-files.ts';
import { firmwareKeys } from './keys.ts';
import { mustRun } from './run-command.ts';

const RECIPE = import.meta.dirname;

/**
 * Units of Debian that an appliance has no use for. Masked, because others pull them in: each costs the start of a process or a wait
 * (half a second of an emulated boot).
 */
const MASKED = [
  // kernel file systems and modules that nothing here reads
  'modprobe@drm.service',
  'modprobe@fuse.service',
  'modprobe@configfs.service',
  'sys-fs-fuse-connections.mount',
  'sys-kernel-config.mount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'dev-hugepages.mount',
  'proc-sys-fs-binfmt_misc.automount',
  // the network comes from Gemel's settings, not from the kernel command line, and nothing waits for all of it
  'systemd-network-generator.service',
  'systemd-networkd-wait-online.service',
  'systemd-networkd-persistent-storage.service',
  'systemd-udev-load-credentials.service',
];

/** Images a developer goes back and forth between; older ones are removed from the cache. */
const IMAGES_KEPT = 3;

export interface ApplianceImage {
  /** Key over everything that went in. */
  readonly id: string;
  /** Raw sparse disk. */
  readonly disk: string;
  /** The same root as a folder, for containers. Read only. */
  readonly root: string;
  /** Seconds per layer; 0 when it was in the cache. */
  readonly seconds: { readonly debian: number; readonly image: number };
}

/** The appliance image of the repository as it is now, from the cache when nothing changed. Needs (mapped) root. */
export async function buildImage(
  say: (line: string) => void,
  options: { readonly release: boolean } = { release: false },
): Promise<ApplianceImage> {
  await requireCompiledOutput(say);
  const { keyring } = await firmwareKeys(options);
  const debian = await debianRoot(say);
  const inputs = [...(await repositoryInputs()), keyring];
  const recipe = ['files', 'boot', 'image.ts', 'gemel-files.ts', 'disk.ts', 'firmware-record.ts'].map((name) =>
    join(RECIPE, name),
  );
  const id = await contentKey([...recipe, ...inputs], [debian.path]);
  const image = await cached(
    'image',
    id,
    async (folder) => {
      const root = join(folder, 'root');
      // Hard links: quick, and safe since every change below replaces files instead of writing into them.
      await mustRun(['cp', '-al', join(debian.path, 'root'), root]);
      await mustRun([
        'cp',
        '-a',
        '--no-preserve=ownership',
        '--remove-destination',
        `${join(RECIPE, 'files')}/.`,
        root,
      ]);
      await installGemel(root);
      await replaceFile(join(root, 'etc/rauc/keyring.pem'), await readFile(keyring, 'utf8'));
      await replaceFile(join(root, FIRMWARE_RECORD), await firmwareRecord());
      await finishRoot(root);
      const scratch = join(folder, 'scratch');
      await mkdir(scratch);
      await writeDisk(root, join(folder, 'disk.img'), scratch);
      await rm(scratch, { recursive: true });
    },
    () => say('another build of the image is under way, waiting for it'),
  );
  if (image.seconds > 0) {
    await prune('image', IMAGES_KEPT);
    await prune('debian', 2);
  }
  return imageIn(image.path, id, { debian: debian.seconds, image: image.seconds });
}

/** The image built last, whatever the repository looks like now. */
export async function newestImage(): Promise<ApplianceImage | undefined> {
  const path = await newest('image');
  return path === undefined ? undefined : imageIn(path, basename(path).replace(/^image-/, ''), { debian: 0, image: 0 });
}

function imageIn(path: string, id: string, seconds: ApplianceImage['seconds']): ApplianceImage {
  return { id, disk: join(path, 'disk.img'), root: join(path, 'root'), seconds };
}

/** What a root needs beyond files: mount points, accounts, enabled units, no identity of its own. */
async function finishRoot(root: string): Promise<void> {
  const data = DATA_FOLDERS.map((name) => `data/${name}`);
  for (const folder of [...data, 'var/lib/gemel', 'var/lib/gemel-peer', 'var/log/journal', 'srv/gemel', 'boot/efi'])
    await mkdir(join(root, folder), { recursive: true });
  // Empty: the first boot gives each appliance its own.
  await rm(join(root, 'etc/machine-id'), { force: true });
  await writeFile(join(root, 'etc/machine-id'), '');
  await rm(join(root, 'etc/resolv.conf'), { force: true });
  await symlink('../run/systemd/resolve/stub-resolv.conf', join(root, 'etc/resolv.conf'));
  for (const stale of ['vmlinuz.old', 'initrd.img.old']) await rm(join(root, stale), { force: true });
  await mustRun(['systemd-sysusers', `--root=${root}`]);
  await mustRun(['systemctl', `--root=${root}`, 'preset-all']);
  const units = join(root, 'etc/systemd/system');
  for (const unit of MASKED) {
    await rm(join(units, unit), { force: true });
    await symlink('/dev/null', join(units, unit));
  }
  await markUpToDate(root);
}

/**
 * systemd rebuilds caches at boot when /usr is newer than these marks (systemd-update-done.service(8)). All of it was done while
 * building, so the first boot need not: it saves several seconds.
 */
async function markUpToDate(root: string): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  await utimes(join(root, 'usr'), now, now);
  for (const mark of ['etc/.updated', 'var/.updated']) {
    const path = join(root, mark);
    if (existsSync(path)) await rm(path);
    await writeFile(path, `# ${now}\nTIMESTAMP_NSEC=${now}000000000\n`);
    await lutimes(path, now, now);
  }
}
