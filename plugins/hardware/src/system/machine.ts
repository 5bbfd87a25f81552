import { ApplianceError, type CommandRunner, type FileStore } from '@gemel/core/sdk';
import type { MachineFigures } from '../inventory/figures.js';

const dmi = '/sys/class/dmi/id';
const sectorBytes = 512; // the unit of /sys/block/*/size, whatever the disk's own (block layer, sysfs-block)

/** Reads what this machine is made of from sysfs and procfs. Whatever is not there reads as none. */
export class Machine {
  constructor(
    readonly files: FileStore,
    readonly commands: CommandRunner,
  ) {}

  async figures(): Promise<MachineFigures> {
    const [manufacturer, product, virtualization, cpuText, memoryText, disks, controllers] = await Promise.all([
      this.line(`${dmi}/sys_vendor`),
      this.line(`${dmi}/product_name`),
      this.virtualization(),
      this.files.read('/proc/cpuinfo'),
      this.files.read('/proc/meminfo'),
      this.disks(),
      this.files.list('/sys/class/ipmi'),
    ]);
    return {
      manufacturer,
      product,
      virtualization,
      cpuModel: /^model name\s*: (.*)$/m.exec(cpuText ?? '')?.[1]?.trim() ?? '',
      cpus: cpuText?.match(/^processor\s*:/gm)?.length ?? 0,
      memoryBytes: Number(/^MemTotal:\s*(\d+) kB$/m.exec(memoryText ?? '')?.[1] ?? 0) * 1_024,
      ...disks,
      nics: await this.nics(virtualization.kind === 'container'),
      managementController: controllers.length > 0,
    };
  }

  /** A container's firmware data are those of its host, so that systemd is asked first whether it is one. */
  async virtualization(): Promise<MachineFigures['virtualization']> {
    try {
      for (const kind of ['container', 'vm'] as const) {
        const { exitCode, stdout } = await this.commands.run(['systemd-detect-virt', `--${kind}`]);
        if (exitCode === 0) return { kind, name: stdout.trim() };
      }
      return { kind: 'none', name: '' };
    } catch (failure) {
      if (failure instanceof ApplianceError && failure.code === 'unavailable') return { kind: 'unknown', name: '' };
      throw failure;
    }
  }

  /** Interfaces with a device behind them, in the order of the devices' paths; in a container, the ends of cables to its host. */
  async nics(inContainer: boolean): Promise<string[]> {
    const found: { readonly name: string; readonly place: string }[] = [];
    for (const name of await this.files.list('/sys/class/net')) {
      const place = await this.files.readLink(`/sys/class/net/${name}`);
      if (place === undefined) continue;
      const isVirtual = place.includes('/devices/virtual/');
      if (!isVirtual || (inContainer && (await this.isCableEnd(name)))) found.push({ name, place });
    }
    return found.sort((a, b) => compareNaturally(a.place, b.place)).map(({ name }) => name);
  }

  /** A veth has its other end as link below it; so has a VLAN its parent, which says what it is. */
  async isCableEnd(name: string): Promise<boolean> {
    const folder = `/sys/class/net/${name}`;
    const [own, below] = await Promise.all([this.line(`${folder}/ifindex`), this.line(`${folder}/iflink`)]);
    return own !== below && !(await this.line(`${folder}/uevent`)).includes('DEVTYPE=');
  }

  /** Disks and mirrors. Members of a mirror count once, as the mirror. */
  async disks(): Promise<Pick<MachineFigures, 'diskBytes' | 'raid'>> {
    const names = await this.files.list('/sys/block');
    const arrays = names.filter((name) => /^md\d/.test(name));
    const members = (await Promise.all(arrays.map((name) => this.files.list(`/sys/block/${name}/slaves`)))).flat();
    let diskBytes = 0;
    for (const name of names) {
      if (arrays.includes(name) || (await this.isFixedDisk(name, members)))
        diskBytes += Number(await this.line(`/sys/block/${name}/size`)) * sectorBytes;
    }
    const [array] = arrays;
    if (array === undefined) return { diskBytes, raid: null };
    const level = await this.line(`/sys/block/${array}/md/level`);
    return { diskBytes, raid: { level, disks: Number(await this.line(`/sys/block/${array}/md/raid_disks`)) } };
  }

  async isFixedDisk(name: string, members: readonly string[]): Promise<boolean> {
    const place = await this.files.readLink(`/sys/block/${name}`);
    if (place === undefined || place.includes('/devices/virtual/')) return false;
    if ((await this.line(`/sys/block/${name}/removable`)) === '1') return false;
    // A member is the disk or a partition of it: sda, sda3, nvme0n1p3.
    return !members.some(
      (member) => member === name || (member.startsWith(name) && /^p?\d+$/.test(member.slice(name.length))),
    );
  }

  async line(path: string): Promise<string> {
    return (await this.files.read(path))?.trim() ?? '';
  }
}

/** `virtio2` before `virtio10`. */
function compareNaturally(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
