import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from './run-command.ts';

const MEBIBYTE = 1024 * 1024;
const SECTOR = 512;

interface Partition {
  readonly label: string;
  readonly mebibytes: number;
  /** sfdisk's short names: U is the EFI system partition, L a Linux file system. */
  readonly type: 'U' | 'L';
}

/** In the order on disk; boot/grub.cfg counts on it. Sizes are apparent: the file is sparse. */
const PARTITIONS = {
  esp: { label: 'gemel-esp', mebibytes: 64, type: 'U' },
  rootA: { label: 'gemel-root-a', mebibytes: 2560, type: 'L' },
  rootB: { label: 'gemel-root-b', mebibytes: 2560, type: 'L' },
  data: { label: 'gemel-data', mebibytes: 4096, type: 'L' },
  shared: { label: 'gemel-shared', mebibytes: 512, type: 'L' },
} as const satisfies Record<string, Partition>;

/** Folders of the data partition, which files/etc/fstab binds to where they belong; files/etc/rauc/system.conf names the last one. */
export const DATA_FOLDERS = ['gemel', 'gemel-peer', 'journal', 'pacemaker', 'corosync', 'rauc'];

/** Slot A is installed and proven, slot B empty; boot/grub.cfg says what each means. */
const ENVIRONMENTS = {
  grubenv: 'ORDER=A B\nA_OK=1\nA_TRY=0\nB_OK=0\nB_TRY=0\n',
  'proven.env': 'PROVEN=A\n',
};

/** GRUB's environment block is exactly this long, padded with #. */
const GRUBENV_BYTES = 1024;

/** Layer 3: writes a bootable GPT disk into `file` from a root folder, as plain file work: no loop device, no mount. */
export async function writeDisk(root: string, file: string, scratch: string): Promise<void> {
  const layout: Partition[] = Object.values(PARTITIONS);
  const total = layout.reduce((sum, partition) => sum + partition.mebibytes, 2);
  await mustRun(['truncate', '-s', `${total}M`, file]);
  const table = layout.map(({ mebibytes, type, label }) => `size=${mebibytes}MiB, type=${type}, name=${label}`);
  await mustRun(['sfdisk', '--quiet', '--no-reread', '--no-tell-kernel', file], {
    input: `label: gpt\nfirst-lba: 2048\n${table.join('\n')}\n`,
  });
  await writeEsp(root, file, scratch);
  await writeExt4(file, PARTITIONS.rootA, root, 'gemel-root-a');
  const data = join(scratch, 'data');
  for (const folder of DATA_FOLDERS) await mkdir(join(data, folder), { recursive: true });
  await writeExt4(file, PARTITIONS.data, data, 'gemel-data');
}

function offset(wanted: Partition): number {
  let mebibytes = 1;
  for (const partition of Object.values(PARTITIONS)) {
    if (partition.label === wanted.label) break;
    mebibytes += partition.mebibytes;
  }
  return mebibytes * MEBIBYTE;
}

async function writeEsp(root: string, file: string, scratch: string): Promise<void> {
  const esp = join(scratch, 'esp');
  await mkdir(join(esp, 'EFI/BOOT'), { recursive: true });
  await mkdir(join(esp, 'grub'));
  await writeFile(join(esp, 'EFI/BOOT/BOOTX64.EFI'), await readFile(join(root, 'usr/lib/gemel/boot/BOOTX64.EFI')));
  await writeFile(join(esp, 'grub/grub.cfg'), await readFile(join(import.meta.dirname, 'boot/grub.cfg')));
  for (const [name, values] of Object.entries(ENVIRONMENTS))
    await writeFile(join(esp, 'grub', name), `# GRUB Environment Block\n${values}`.padEnd(GRUBENV_BYTES, '#'));
  const start = offset(PARTITIONS.esp);
  const kibibytes = String(PARTITIONS.esp.mebibytes * 1024);
  await mustRun(['mkfs.vfat', '-F', '32', '-s', '1', '-n', 'GEMEL-ESP', `--offset=${start / SECTOR}`, file, kibibytes]);
  await mustRun(['mcopy', '-s', '-i', `${file}@@${start}`, join(esp, 'EFI'), join(esp, 'grub'), '::/']);
}

async function writeExt4(file: string, partition: Partition, content: string, label: string): Promise<void> {
  await mustRun([
    'mke2fs',
    '-q',
    '-F',
    '-t',
    'ext4',
    '-L',
    label,
    '-m',
    '1',
    '-d',
    content,
    // Tables are holes of a sparse file, hence zero already: nothing is left for the appliance's first boot to initialise.
    '-E',
    `offset=${offset(partition)},lazy_itable_init=0,lazy_journal_init=0,nodiscard`,
    file,
    `${partition.mebibytes}M`,
  ]);
}
