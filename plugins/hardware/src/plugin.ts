import { definePlugin, toDisposable } from '@gemel/core/sdk';
import { HardwareService } from './contract.js';
import { FailingDisks, failingDisksFolder } from './disks/failing-disks.js';
import { failingDisks } from './disks/failing-disks-status.js';
import { HardwareServiceImpl } from './hardware-service.js';
import { hardwareProfile } from './inventory/hardware-status.js';
import { OwnUsers } from './management/own-users.js';
import { hardwareSection } from './management/section.js';
import type { ManagementSettings } from './management/schema.js';
import { raidStatus } from './raid/raid-status.js';
import { RaidWatch, raidEventFolder } from './raid/raid-watch.js';
import { Machine } from './system/machine.js';
import { MdArrays } from './system/md-arrays.js';

/** Hardware changes while running only by hot plugging. */
const keepMs = 60_000;

export default definePlugin({
  id: 'hardware',
  activate(context) {
    const { files, commands, clock, kind } = context.system;
    const { settings, events, log } = context;
    const ended = new AbortController();
    context.own(toDisposable(() => ended.abort()));
    const hardware = new HardwareServiceImpl(new Machine(files, commands), files);
    const arrays = new MdArrays(files);
    const raid = new RaidWatch({ arrays, files, events, log, seenFile: `${context.dataFolder}/raid-seen.json` });
    const own = new OwnUsers(files, context.dataFolder);
    const loadEngines = async () => (await import('./engines.js')).openEngines(context.system, arrays, own);
    let engines: ReturnType<typeof loadEngines> | undefined;
    const open = () => (engines ??= loadEngines());

    context.provideValue(HardwareService, hardware);
    const apply = async (wanted: ManagementSettings, signal: AbortSignal) =>
      (await open()).management.apply(wanted, signal);
    settings.add(hardwareSection({ files, own, log, apply }));
    context.status.add(hardwareProfile, () => hardware.status(), { maxAgeMs: keepMs });
    const published = context.status.add(raidStatus, () => raid.look());
    context.own(files.watch(raidEventFolder, () => void raid.lookAgain((status) => published.set(status))));
    const failing = new FailingDisks({
      files,
      events,
      clock,
      toldFile: `${context.dataFolder}/failing-disks-told.json`,
      disks: async () => (await open()).disks.read(),
      ask: async (disk) => (await open()).smartctl.ask(disk, ended.signal),
    });
    const failingPublished = context.status.add(failingDisks, async () => ({ disks: [...(await failing.look())] }));
    const lookAtFailing = async () => {
      try {
        failingPublished.set({ disks: [...(await failing.look())] });
      } catch (failure) {
        log.warn({ failure: String(failure) }, 'could not read what smartd left');
      }
    };
    context.own(files.watch(failingDisksFolder, () => void lookAtFailing()));
    context.actions.addLater(async () => {
      const { hardwareActions } = await import('./actions.js');
      return hardwareActions({ hardware, settings, raid, commands, engines: await open() });
    });

    context.addHealthCheck('inventory', async () => {
      const memory = await files.read('/proc/meminfo');
      if (memory === undefined && kind === 'appliance')
        return { healthy: false, reason: '/proc/meminfo cannot be read' };
      return { healthy: true, reason: memory === undefined ? 'this host shows no hardware' : 'hardware can be read' };
    });
    context.addHealthCheck('raid', async () => {
      const { arrays: seen, reports } = await raid.look();
      const failure = reports.find(({ severity }) => severity === 'error');
      if (failure !== undefined) return { healthy: false, reason: failure.text };
      return {
        healthy: true,
        reason: seen.length === 0 ? 'no RAID on this device' : (reports[0]?.text ?? 'RAID is OK'),
      };
    });
  },
});
