import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FIRMWARE_RECORD, firmwareRecord, replaceFile } from './firmware-record.ts';
import type { ApplianceImage } from './image.ts';
import type { FirmwareKeys } from './keys.ts';
import { mustRun, ToolError } from './run-command.ts';

const MEBIBYTE = 1024 * 1024;
/** What an appliance's system.conf asks for. */
const COMPATIBLE = 'gemel-x86_64';
/** File system overhead of the root image, and room for what the appliance adds before the slot is enlarged: its keys. */
const ROOM = { factor: 1.12, mebibytes: 48 } as const;

export interface BundleContent {
  /** Major.minor.patch. */
  readonly version: string;
  /** Ids of hardware profiles that may install it. */
  readonly profiles: readonly string[];
  /** Oldest version that an appliance may come from. */
  readonly minimumVersion: string;
}

export interface BundlePlan {
  readonly image: ApplianceImage;
  readonly keys: FirmwareKeys;
  readonly about: BundleContent;
  /** An empty folder on a disk with room for the uncompressed root. */
  readonly scratch: string;
  readonly out: string;
  /** Changes the root before it is packed; its files are shared by hard link, so they are replaced and never written into. */
  readonly change?: (root: string) => Promise<void>;
  readonly compatible?: string;
}

/** Writes a signed bundle: the root slot as an ext4 image, and beside it the code that tries today's settings with this version. */
export async function writeBundle(plan: BundlePlan): Promise<void> {
  const { image, scratch, about, out } = plan;
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(about.version))
    throw new ToolError(`Version "${about.version}" is not of the form 1.2.3`);
  // Beside the image, where files can be shared.
  const root = join(dirname(image.root), `bundle-${process.pid}-${Date.now()}`);
  const content = join(scratch, 'content');
  await mkdir(content);
  try {
    await mustRun(['cp', '-al', image.root, root]);
    await replaceFile(join(root, FIRMWARE_RECORD), await firmwareRecord(about.version));
    await plan.change?.(root);
    await writeRootImage(root, join(content, 'rootfs.ext4'));
    await writeSettingsTrial(root, join(content, 'settings-trial.tar'));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  await mustRun(['cp', join(import.meta.dirname, 'bundle/hook'), join(content, 'hook')]);
  await writeFile(join(content, 'manifest.raucm'), manifest(about, plan.compatible ?? COMPATIBLE));
  await packBundle(plan, content);
  await mustRun(['cp', join(scratch, 'out/bundle.raucb'), `${out}.part`]);
  await rename(`${out}.part`, out);
}

function manifest(about: BundleContent, compatible: string): string {
  return `[update]
compatible=${compatible}
version=${about.version}

[bundle]
format=verity

[hooks]
filename=hook

[image.rootfs]
filename=rootfs.ext4
hooks=post-install

[meta.gemel]
profiles=${about.profiles.join(' ')}
minimum-version=${about.minimumVersion}
settings-trial=settings-trial.tar
`;
}

/** As small as it goes: RAUC enlarges it to the slot. */
async function writeRootImage(root: string, file: string): Promise<void> {
  const [used = ''] = (await mustRun(['du', '-s', '-B1', root])).split('\t');
  const mebibytes = Math.ceil((Number(used) / MEBIBYTE) * ROOM.factor + ROOM.mebibytes);
  const now = ['-E', 'lazy_itable_init=0,lazy_journal_init=0,nodiscard'];
  await mustRun([
    'mke2fs',
    '-q',
    '-F',
    '-t',
    'ext4',
    '-m',
    '1',
    '-J',
    'size=16',
    '-d',
    root,
    ...now,
    file,
    `${mebibytes}M`,
  ]);
}

/** Core and the built-in plugins without native packages: all that migrating settings needs. */
async function writeSettingsTrial(root: string, file: string): Promise<void> {
  const native = ['--exclude=node_modules/koffi', '--exclude=node_modules/dbus-native'];
  const parts = ['core', 'plugins', 'node_modules'];
  await mustRun([
    'tar',
    '-c',
    '--sort=name',
    '--owner=0',
    '--group=0',
    ...native,
    '-C',
    join(root, 'usr/lib/gemel'),
    '-f',
    file,
    ...parts,
  ]);
}

/** With the appliance's own RAUC, in a mount namespace where its root has our folders at /mnt and /media. */
async function packBundle(plan: BundlePlan, content: string): Promise<void> {
  const folder = join(plan.scratch, 'out');
  const keys = join(plan.scratch, 'keys');
  for (const made of [folder, keys]) await mkdir(made);
  await mustRun(['cp', plan.keys.certificate, join(keys, 'signing.pem')]);
  await mustRun(['cp', plan.keys.key, join(keys, 'signing.key')]);
  await rename(content, join(folder, 'content'));
  const script = `set -e
mount --bind "$2" "$1/mnt"; mount --bind "$3" "$1/media"; mount -t tmpfs tmpfs "$1/tmp"; mount --rbind /proc "$1/proc"; mount --rbind /dev "$1/dev"
exec chroot "$1" rauc bundle --cert=/media/signing.pem --key=/media/signing.key --mksquashfs-args="$4" /mnt/content /mnt/bundle.raucb`;
  const squashfs = '-comp zstd -Xcompression-level 6 -all-root -no-progress';
  try {
    await mustRun(['unshare', '--mount', 'sh', '-c', script, 'sh', plan.image.root, folder, keys, squashfs]);
  } finally {
    await rm(keys, { recursive: true });
  }
}
