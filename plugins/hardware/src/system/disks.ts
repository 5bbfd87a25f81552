import type { FileStore } from '@gemel/core/sdk';
import type { Disk } from '../disks/disk.js';

const sectorBytes = 512; // the unit of /sys/block/*/size

/** Disks with a device behind them, from sysfs and udev's data base. */
export class Disks {
  readonly #files: FileStore;

  constructor(files: FileStore) {
    this.#files = files;
  }

  async read(): Promise<readonly Disk[]> {
    const names = await this.#files.list('/sys/block');
    const mounts = mountedDevices((await this.#files.read('/proc/self/mountinfo')) ?? '');
    const found = await Promise.all(names.map((name) => this.#readOne(name, mounts)));
    return found.filter((disk) => disk !== undefined);
  }

  async #readOne(name: string, mounts: ReadonlyMap<string, string>): Promise<Disk | undefined> {
    const folder = `/sys/block/${name}`;
    const link = await this.#files.readLink(folder);
    if (link === undefined || link.includes('/devices/virtual/')) return undefined;
    const sizeBytes = Number(await this.#line(`${folder}/size`)) * sectorBytes;
    if (sizeBytes === 0) return undefined; // a drive without a medium
    const udev = udevProperties((await this.#files.read(`/run/udev/data/b${await this.#line(`${folder}/dev`)}`)) ?? '');
    const parts = [name, ...(await this.#files.list(folder)).filter((entry) => isPartitionOf(name, entry))];
    const uses = await Promise.all(parts.map((part) => this.#useOf(part, mounts)));
    const array = uses.find((use) => use.array !== undefined)?.array;
    return {
      name,
      sizeBytes,
      model: udev.get('ID_MODEL') ?? (await this.#line(`${folder}/device/model`)),
      serial: udev.get('ID_SERIAL_SHORT') ?? udev.get('ID_SERIAL') ?? (await this.#line(`${folder}/serial`)),
      place: udev.get('ID_PATH') ?? '',
      removable: (await this.#line(`${folder}/removable`)) === '1',
      array: array ?? null,
      arrayUsedBy: array === undefined ? null : ((await this.#useOf(array, mounts)).other ?? null),
      usedBy: uses.find(({ other }) => other !== undefined)?.other ?? null,
    };
  }

  async #useOf(part: string, mounts: ReadonlyMap<string, string>) {
    const folder = `/sys/class/block/${part}`;
    const holders = await this.#files.list(`${folder}/holders`);
    const mounted = mounts.get(await this.#line(`${folder}/dev`));
    return {
      array: holders.find((holder) => /^md\d/.test(holder)),
      other:
        mounted === undefined ? holders.find((holder) => !/^md\d/.test(holder)) : `${part} is mounted on ${mounted}`,
    };
  }

  async #line(path: string): Promise<string> {
    return (await this.#files.read(path))?.trim() ?? '';
  }
}

/** sda3, nvme0n1p3 */
export function isPartitionOf(disk: string, name: string): boolean {
  return name !== disk && name.startsWith(disk) && /^p?\d+$/.test(name.slice(disk.length));
}

/** proc_pid_mountinfo(5): the third field is the device, the fifth the place. Of several the first is the one that people know. */
function mountedDevices(text: string): ReadonlyMap<string, string> {
  const fields = text
    .split('\n')
    .reverse()
    .map((line) => line.split(' '));
  return new Map(fields.flatMap(([, , device, , place]) => (device && place ? [[device, place] as const] : [])));
}

/** Lines `E:NAME=value` of udev's data base. */
function udevProperties(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^E:(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}
