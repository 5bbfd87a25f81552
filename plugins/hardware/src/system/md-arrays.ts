import type { FileStore } from '@gemel/core/sdk';
import { judgeArray, type KernelArray, type RaidArray } from '../raid/array.js';

const block = '/sys/block';
const sectorBytes = 512; // the unit of /sys/block/*/size
const componentUnit = 1_024; // the unit of md/component_size

/** The kernel's arrays, read from sysfs: no program is started. */
export class MdArrays {
  readonly #files: FileStore;

  constructor(files: FileStore) {
    this.#files = files;
  }

  /** Empty where there are none, which is the normal state of a virtual appliance. */
  async read(): Promise<readonly RaidArray[]> {
    const names = (await this.#files.list(block)).filter((name) => /^md\d+$/.test(name));
    const arrays = await Promise.all(names.map((name) => this.#readOne(name)));
    return arrays.filter(({ level }) => level !== '').map(judgeArray);
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
