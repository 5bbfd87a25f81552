import { defineStatus, type PluginContext, type SystemAccess } from '@gemel/core/sdk';
import { DeviceService } from '@gemel/plugin-device/contract';
import { HardwareService } from '@gemel/plugin-hardware/contract';
import { NetworkService, networkSection } from '@gemel/plugin-network/contract';
import { z } from 'zod';
import type { NodeView } from './node-view.js';
import { readVolume } from './read-volume.js';

const engineUnits = ['corosync.service', 'pacemaker.service'];

/** The part of core's status that matters here. */
const settingsStatus = defineStatus({
  id: 'settings.activation',
  title: 'Settings',
  schema: z.looseObject({ state: z.string(), pending: z.number() }),
  present: () => ({ kind: 'text', text: '' }),
});

/** This node as it is now. */
export async function readNode(context: PluginContext, signal?: AbortSignal): Promise<NodeView> {
  const { system, settings } = context;
  const network = settings.confirmed(networkSection);
  const [identity, interfaces, state, hardware, volume, volumeBytes, missingEngines] = await Promise.all([
    context.get(DeviceService).identity(),
    context.get(NetworkService).interfaces(signal),
    context.status.get(settingsStatus),
    context.find(HardwareService)?.status(),
    readVolume(system),
    readVolumeSize(system),
    missing(system),
  ]);
  const configured = { ...network.links, ...network.bonds, ...network.vlans };
  return {
    hostName: identity.hostName,
    version: identity.version,
    advancedMode: network.mode === 'advanced',
    interfaces: interfaces
      .filter(({ addresses }) => addresses.length > 0)
      .map(({ name, condition, addresses }) => ({
        name,
        up: condition === 'ok' || condition === 'degraded',
        fixed: configured[name]?.ipv4?.method === 'static' || configured[name]?.ipv6?.method === 'static',
        addresses: addresses.filter((address) => !address.startsWith('fe80')),
      })),
    pendingChanges: state?.pending ?? 0,
    activationPending: state?.state === 'awaiting-confirmation' || state?.state === 'applying',
    missingEngines,
    volume,
    volumeBytes,
    hardware: hardware ?? null,
    now: system.clock.now(),
  };
}

async function missing({ units }: SystemAccess): Promise<string[]> {
  const states = await Promise.all(engineUnits.map((unit) => units.status(unit)));
  return states.filter(({ loadState }) => loadState !== 'loaded').map(({ name }) => name);
}

/** The kernel counts in sectors of 512 bytes, whatever the disk does. */
async function readVolumeSize({ files }: SystemAccess): Promise<number | null> {
  const sectors = Number((await files.read('/sys/block/drbd0/size'))?.trim() ?? '');
  return sectors > 0 ? sectors * 512 : null;
}
