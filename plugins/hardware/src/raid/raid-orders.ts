import { ApplianceError, type Clock, type Report } from '@gemel/core/sdk';
import type { Disk } from '../disks/disk.js';
import { hardwareReports } from '../reports.js';
import type { Disks } from '../system/disks.js';
import type { MdArrays } from '../system/md-arrays.js';
import type { Mdadm } from '../system/mdadm.js';
import { type ArrayDisk, describeState, type RaidArray } from './array.js';
import { judgeNewDisk } from './new-disk.js';

/** Progress is read from sysfs this often, which costs nothing. */
const lookEveryMs = 1_000;
/** Between the order and its first trace in sysfs the kernel takes a moment. */
const beginMs = 30_000;

interface OrderParts {
  readonly arrays: MdArrays;
  readonly disks: Disks;
  readonly mdadm: Mdadm;
  readonly clock: Clock;
}

interface Following {
  readonly signal: AbortSignal;
  progress(fraction: number | undefined, message: string): void;
}

/** What operators do to an array, with what must not happen to it. */
export class RaidOrders {
  readonly #parts: OrderParts;

  constructor(parts: OrderParts) {
    this.#parts = parts;
  }

  /** @param name Undefined for the only one there is. */
  async array(name: string | undefined): Promise<RaidArray> {
    const arrays = await this.#parts.arrays.read();
    const found = name === undefined && arrays.length === 1 ? arrays[0] : arrays.find(({ array }) => array === name);
    if (found !== undefined) return found;
    const names = arrays.map(({ array }) => array).join(', ');
    if (names === '') throw new ApplianceError('not-found', 'This device has no RAID.');
    throw new ApplianceError(
      'not-found',
      `${name === undefined ? 'Say which array' : `There is no array ${name}`}: ${names}.`,
    );
  }

  /** Reads all of it, compares the disks, and with `repair` makes them the same. */
  async check(array: RaidArray, action: 'check' | 'repair', following: Following): Promise<RaidArray> {
    const { mdadm } = this.#parts;
    if (array.state !== 'ok') {
      const why = `${array.array} is ${describeState(array)}: there is nothing to compare with.`;
      throw new ApplianceError('conflict', `${why} See: gemel hardware raid show`);
    }
    if (array.activity !== null)
      throw new ApplianceError('conflict', `${array.array} is busy: ${describeState(array)}.`);
    await mdadm.startCheck(array.array, action);
    try {
      return await this.#follow(array.array, following, (now) => now.activity?.kind === action);
    } catch (failure) {
      if (following.signal.aborted) await mdadm.stopCheck(array.array);
      throw failure;
    }
  }

  /** Takes a disk out of its array, so that it can be pulled out. */
  async remove(diskName: string): Promise<RaidArray> {
    const { array, member } = await this.#memberOf(diskName);
    const others = array.disks.filter(({ disk, state }) => disk !== member.disk && state === 'ok');
    if (others.length === 0 && member.state === 'ok')
      throw refusal(hardwareReports.report('hardware.raid.last-disk', { disk: member.disk, array: array.array }));
    await this.#takeOut(array.array, member);
    return await this.array(array.array);
  }

  /** Judges, clears and adds a disk, and waits until the array has rebuilt. */
  async add(array: RaidArray, diskName: string, overwrite: boolean, following: Following): Promise<RaidArray> {
    await this.#prepare(array, diskName, overwrite);
    const { mdadm } = this.#parts;
    const lost = array.disks.filter(({ state }) => state === 'failed');
    for (const { disk } of lost) await mdadm.remove(array.array, disk);
    if (array.disks.some(({ state }) => state === 'gone')) await mdadm.remove(array.array, 'detached');
    await mdadm.add(array.array, diskName);
    // Nothing to rebuild: it waits as a spare.
    if (array.state === 'ok') return await this.array(array.array);
    return await this.#followDisk(array.array, diskName, following);
  }

  /** A disk that works stays in use until the new one has everything. */
  async replace(oldName: string, newName: string, overwrite: boolean, following: Following): Promise<RaidArray> {
    const { mdadm } = this.#parts;
    const { array, member } = await this.#memberOf(oldName);
    if (member.state !== 'ok') return await this.add(array, newName, overwrite, following);
    if (array.state !== 'ok')
      throw refusal(hardwareReports.report('hardware.raid.add-first', { array: array.array, disk: newName }));
    await this.#prepare(array, newName, overwrite);
    await mdadm.add(array.array, newName);
    await mdadm.replace(array.array, member.disk, newName);
    const now = await this.#followDisk(array.array, newName, following);
    const old = now.disks.find(({ disk }) => disk === member.disk);
    if (old !== undefined && old.state !== 'ok') await mdadm.remove(array.array, member.disk);
    return await this.array(array.array);
  }

  async #prepare(array: RaidArray, diskName: string, overwrite: boolean): Promise<void> {
    const { mdadm } = this.#parts;
    if (array.state === 'failed') throw refusal(hardwareReports.report('hardware.raid.failed', { array: array.array }));
    const disk = await this.#disk(diskName);
    const free = disk.array !== array.array && disk.arrayUsedBy === null && disk.usedBy === null;
    const contents = free ? await mdadm.contents(diskName) : [];
    const former =
      contents.some(({ type }) => type === 'linux_raid_member') && (await mdadm.belongsTo(diskName, array.array));
    const reports = judgeNewDisk(disk, array, contents, former, overwrite);
    if (reports.length > 0) {
      const text = reports.map((report) => report.text).join(' ');
      throw new ApplianceError('invalid', text, { reports });
    }
    // Of another device, put together by the kernel from what the disk carries.
    if (disk.array !== null) await mdadm.stop(disk.array);
    if (contents.length > 0 && !former) await mdadm.clear(diskName);
  }

  async #disk(name: string): Promise<Disk> {
    const disks = await this.#parts.disks.read();
    const found = disks.find((disk) => disk.name === name);
    if (found !== undefined) return found;
    const names = disks.map((disk) => disk.name).join(', ') || 'none';
    throw new ApplianceError(
      'not-found',
      `There is no disk ${name}. There are: ${names}. See: gemel hardware disks list`,
    );
  }

  async #memberOf(diskName: string): Promise<{ array: RaidArray; member: ArrayDisk }> {
    const arrays = await this.#parts.arrays.read();
    for (const array of arrays) {
      const member = array.disks.find(({ disk }) => disk === diskName);
      if (member !== undefined) return { array, member };
    }
    const names = arrays.flatMap(({ disks }) => disks.map(({ disk }) => disk)).join(', ') || 'none';
    throw new ApplianceError('not-found', `${diskName} is no part of a RAID. Disks that are: ${names}.`);
  }

  async #takeOut(array: string, { disk, state }: ArrayDisk): Promise<void> {
    const { mdadm } = this.#parts;
    if (state === 'gone') return await mdadm.remove(array, 'detached');
    if (state !== 'failed' && state !== 'spare') await mdadm.fail(array, disk);
    await mdadm.remove(array, disk);
  }

  async #followDisk(array: string, diskName: string, following: Following): Promise<RaidArray> {
    const stateIn = (now: RaidArray) => now.disks.find(({ disk }) => disk === diskName)?.state;
    const now = await this.#follow(
      array,
      following,
      (seen) => stateIn(seen) === 'rebuilding' || seen.activity !== null,
    );
    const state = stateIn(now);
    if (state === 'ok') return now;
    const params = { array, disk: diskName, state: state ?? 'gone' };
    throw refusal(hardwareReports.report('hardware.raid.rebuild-failed', params), 'engine-failed');
  }

  /** Until it does not go on any more. What began before the first look and is done already counts as done. */
  async #follow(name: string, following: Following, goesOn: (now: RaidArray) => boolean): Promise<RaidArray> {
    const { clock } = this.#parts;
    const { signal, progress } = following;
    const deadline = clock.monotonic() + beginMs;
    let begun = false;
    for (;;) {
      const now = await this.array(name);
      const going = goesOn(now);
      begun ||= going;
      if (!going && (begun || clock.monotonic() > deadline || now.disks.every(({ state }) => state === 'ok')))
        return now;
      progress(now.activity?.fraction ?? undefined, `${name}: ${describeState(now)}`);
      await clock.sleep(lookEveryMs, signal);
    }
  }
}

function refusal(report: Report, code: 'conflict' | 'engine-failed' = 'conflict'): ApplianceError {
  return new ApplianceError(code, report.text, { reports: [report] });
}
