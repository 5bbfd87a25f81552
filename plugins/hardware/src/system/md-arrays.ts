import type { FileStore } from '@gemel/core/sdk';
import { judgeArray, type KernelArray, type RaidArray } from '../raid/array.js';

const block = '/sys/block';
const sectorBytes = 512; // the unit of /sys/block/*/size
const componentUnit = 1_024; // the unit of md/component_size

/** gemel-raid-array writes it when it makes the array: its UUID. From then on its absence is a failure. Empty when it was not noted yet. */
export const raidExpectedFile = '/var/lib/gemel/raid-expected';

/**
 * The device's own array, read from sysfs: no program is started. Others are what used disks bring along: the kernel puts them together
 * by itself, and nothing here depends on them.
 */
export class MdArrays {
  readonly #files: FileStore;

  constructor(files: FileStore) {
    this.#files = files;
  }

  /** Empty where there are none, which is the normal state of a virtual appliance. */
  async read(): Promise<readonly RaidArray[]> {
    const uuid = (await this.#files.read(raidExpectedFile))?.trim() ?? '';
    const names = (await this.#files.list(block)).filter((name) => /^md\d+$/.test(name));
    const own = await Promise.all(names.map(async (name) => ((await this.#isOwn(name, uuid)) ? [name] : [])));
    const arrays = await Promise.all(own.flat().map((name) => this.#readOne(name)));
    return arrays.filter(({ level }) => level !== '').map(judgeArray);
  }

  /** @param uuid Empty when it was not noted: then it is the one that stands in for the partition of the data volume. */
  async #isOwn(name: string, uuid: string): Promise<boolean> {
    const line = async (path: string) => (await this.#files.read(`${block}/${name}/${path}`))?.trim();
    const found = uuid === '' ? undefined : await line('md/uuid');
    if (found !== undefined) return found === uuid;
    const udev = await this.#files.read(`/run/udev/data/b${await line('dev')}`);
    return /^E:MD_DEVNAME=gemel-shared$/m.test(udev ?? '');
  }

  async #readOne(name: string): Promise<KernelArray> {
    const folder = `${block}/${name}/md`;
    const text = async (attribute: string) => (await this.#files.read(`${folder}/${attribute}`))?.trim() ?? '';
    const entries = await this.#files.list(folder);
    const members = entries.filter((entry) => entry.startsWith('dev-')).map((entry) => entry.slice('dev-'.length));
    return {
      name,
      level: await text('level'),
      arrayState: await text('array_state'),
      raidDisks: Number(await text('raid_disks')),
      syncAction: await text('sync_action'),
      syncCompleted: await text('sync_completed'),
      syncSpeed: await text('sync_speed'),
      mismatches: Number(await text('mismatch_cnt')),
      sizeBytes: Number((await this.#files.read(`${block}/${name}/size`)) ?? 0) * sectorBytes,
      diskBytes: Number(await text('component_size')) * componentUnit,
      members: await Promise.all(
        members.map(async (member) => ({
          name: member,
          state: await text(`dev-${member}/state`),
          slot: await text(`dev-${member}/slot`),
          present: (await this.#files.readLink(`/sys/class/block/${member}`)) !== undefined,
        })),
      ),
    };
  }
}
