import type { FileStore } from '@gemel/core/sdk';
import { z } from 'zod';
import { paths } from '../paths.js';
import { bootedSlot, type SlotName, slotPartitions } from './boot-choice.js';

const recordSchema = z.object({ version: z.string(), oldestAllowed: z.string().default('0.0.0') });
const sectorBytes = 512;

/** What the machine itself says about its firmware, from files; asking costs next to nothing. */
export class ApplianceFirmware {
  constructor(readonly files: FileStore) {}

  /** Version that runs and the oldest one it may be replaced by. Where there is no image, as on the sandbox, the version is empty. */
  async record(): Promise<{ readonly version: string; readonly oldestAllowed: string }> {
    const text = await this.files.read(paths.record);
    return text === undefined ? { version: '', oldestAllowed: '0.0.0' } : recordSchema.parse(JSON.parse(text));
  }

  /** Undefined where there are no slots: container, sandbox. */
  async booted(): Promise<SlotName | undefined> {
    return bootedSlot((await this.files.read(paths.kernelCommandLine)) ?? '');
  }

  async compatible(): Promise<string> {
    return /^compatible=(.+)$/m.exec((await this.files.read(paths.systemConf)) ?? '')?.[1]?.trim() ?? '';
  }

  /** Size of a slot's partition; 0 when it is not there. */
  async slotBytes(name: SlotName): Promise<number> {
    for (const device of await this.files.list(paths.blockDevices)) {
      const folder = `${paths.blockDevices}/${device}`;
      const partition = /^PARTNAME=(.+)$/m.exec((await this.files.read(`${folder}/uevent`)) ?? '')?.[1];
      if (partition !== slotPartitions[name]) continue;
      return Number((await this.files.read(`${folder}/size`)) ?? 0) * sectorBytes;
    }
    return 0;
  }
}
