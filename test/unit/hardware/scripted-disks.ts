/** A machine with a RAID 1 as sysfs, mdadm and wipefs show it. What mdadm is told happens to the kernel's files. */
import { ScriptedSystem } from '@gemel/core/testing';
import { Disks } from '#hardware/system/disks.js';
import { MdArrays, raidExpectedFile } from '#hardware/system/md-arrays.js';
import { Mdadm } from '#hardware/system/mdadm.js';
import { RaidOrders } from '#hardware/raid/raid-orders.js';

const mebibyte = 2 ** 20;
const ownUuid = '6ff5a1e6-0bd5-47a1-9c4c-6a6f1c2f6b3a';

export class ScriptedDisks {
  readonly system = new ScriptedSystem();
  readonly present = new Set<string>();
  readonly arrays = new MdArrays(this.system.files);
  readonly disks = new Disks(this.system.files);
  readonly orders = new RaidOrders({
    arrays: this.arrays,
    disks: this.disks,
    mdadm: new Mdadm(this.system.commands),
    clock: this.system.clock,
  });

  constructor() {
    const { files } = this.system;
    const readLink = files.readLink.bind(files);
    files.readLink = async (path) => {
      const name = path.split('/').at(-1) ?? '';
      const isBlock = /^\/sys\/(class\/)?block\//.test(path);
      return isBlock && this.present.has(name) ? `../devices/pci0000:00/block/${name}` : readLink(path);
    };
  }

  async disk(name: string, sizeMiB: number, more: { readonly holder?: string; readonly removable?: boolean } = {}) {
    const folder = `/sys/block/${name}`;
    this.present.add(name);
    await this.write(`${folder}/size`, String((sizeMiB * mebibyte) / 512));
    await this.write(`${folder}/dev`, `8:${name.charCodeAt(2)}`);
    await this.write(`${folder}/removable`, more.removable === true ? '1' : '0');
    await this.write(`/run/udev/data/b8:${name.charCodeAt(2)}`, `E:ID_MODEL=Disk_X\nE:ID_SERIAL_SHORT=SN-${name}\n`);
    if (more.holder !== undefined) await this.write(`/sys/class/block/${name}/holders/${more.holder}`, '');
  }

  /** @param attributes `uuid` for one that is not the device's own. */
  async array(
    name: string,
    attributes: Readonly<Record<string, string>>,
    members: Readonly<Record<string, [string, string]>>,
  ) {
    const folder = `/sys/block/${name}/md`;
    await this.write(raidExpectedFile, ownUuid);
    await this.write(`/sys/block/${name}/dev`, `9:${name.slice('md'.length)}`);
    await this.write(`/sys/block/${name}/size`, String((1_000 * mebibyte) / 512));
    const usual = {
      uuid: ownUuid,
      level: 'raid1',
      array_state: 'clean',
      raid_disks: '2',
      sync_action: 'idle',
      sync_completed: 'none',
      sync_speed: 'none',
      mismatch_cnt: '0',
      component_size: String(1_000 * 1_024),
    };
    for (const [attribute, value] of Object.entries({ ...usual, ...attributes })) {
      await this.write(`${folder}/${attribute}`, value);
    }
    for (const [member, [state, slot]] of Object.entries(members)) await this.member(name, member, state, slot);
  }

  async member(array: string, disk: string, state: string, slot: string) {
    await this.write(`/sys/block/${array}/md/dev-${disk}/state`, state);
    await this.write(`/sys/block/${array}/md/dev-${disk}/slot`, slot);
    await this.write(`/sys/class/block/${disk}/holders/${array}`, '');
  }

  async dropMember(array: string, disk: string) {
    await this.system.files.remove(`/sys/block/${array}/md/dev-${disk}`);
    await this.system.files.remove(`/sys/class/block/${disk}/holders/${array}`);
  }

  async sync(array: string, action: string, done: string) {
    await this.write(`/sys/block/${array}/md/sync_action`, action);
    await this.write(`/sys/block/${array}/md/sync_completed`, done);
  }

  /** Programs that were run, without wipefs' and mdadm's common words. */
  get told(): readonly string[] {
    return this.system.commands.runs.map(({ argv }) => argv.join(' '));
  }

  async write(path: string, value: string): Promise<void> {
    await this.system.files.write(path, `${value}\n`);
  }
}

/** A whole RAID 1 of sda and sdb, and a blank sdc. */
export async function wholeMirror(): Promise<ScriptedDisks> {
  const world = new ScriptedDisks();
  for (const name of ['sda', 'sdb', 'sdc']) await world.disk(name, 1_010);
  await world.array('md127', {}, { sda: ['in_sync', '0'], sdb: ['in_sync', '1'] });
  world.system.commands.always(['wipefs', '--no-act', '--json', /^\/dev\//], '');
  return world;
}

interface Following {
  readonly signal: AbortSignal;
  readonly told: readonly string[];
  progress(fraction: number | undefined, message: string): void;
}

/** A job's way to say how far it is, kept. */
export function following(cancel: AbortController = new AbortController()): Following {
  const told: string[] = [];
  const { signal } = cancel;
  return { signal, told, progress: (_fraction: number | undefined, message: string) => void told.push(message) };
}

/** Seconds go by until the promise is settled. */
export async function letPass<Result>(world: ScriptedDisks, work: Promise<Result>, seconds = 120): Promise<Result> {
  const outcome = { settled: false };
  const note = () => {
    outcome.settled = true;
  };
  void work.then(note, note);
  for (let passed = 0; !outcome.settled && passed < seconds; passed++) await world.system.clock.advance(1_000);
  return await work;
}
