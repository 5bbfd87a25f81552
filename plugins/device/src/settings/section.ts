import type { ApplyInput, FileStore, PlanInput, Rendering, Report, Section, SectionPlan } from '@gemel/core/sdk';
import { deviceSettings } from '../contract.js';
import { deviceReports } from '../reports.js';
import type { Hostnamed } from '../system/hostnamed.js';
import { type DeviceSettings, deviceSettingsSchema, fullName } from './schema.js';
import { verifyDevice } from './verify.js';

export interface DeviceFacts {
  /** 32 hex digits, made at the first boot. */
  readonly machineId: string | undefined;
}

/** Enough to tell a handful of fresh devices in one network apart. */
const idDigits = 6;

const hostnamed = 'systemd-hostnamed';

/**
 * @param onRenamed Called after hostnamed took a new name.
 * @param nameHeld What stands against another name.
 */
export function deviceSection(
  engine: Hostnamed,
  files: FileStore,
  onRenamed: (before: string, now: string) => void,
  nameHeld: (name: string) => readonly Report[] = () => [],
): Section<DeviceSettings, DeviceFacts> {
  return {
    ...deviceSettings,
    title: 'Device',
    scope: 'node',
    version: 1,
    schema: deviceSettingsSchema,
    defaults: ({ machineId }) => deviceSettingsSchema.parse({ hostName: defaultName(machineId) }),
    order: 20,
    readFacts: async () => ({ machineId: (await files.read('/etc/machine-id'))?.trim() }),
    verify: (input) => {
      const name = fullName(input.settings);
      return [...verifyDevice(input), ...(name === fullName(input.confirmed) ? [] : nameHeld(name))];
    },
    render: ({ settings }) => renderDevice(settings),
    plan: planDevice,
    apply: ({ settings }) => applyDevice(engine, settings, onRenamed),
    probe: ({ settings }: ApplyInput<DeviceSettings, DeviceFacts>) => probeDevice(engine, settings),
  };
}

/** Two devices from the factory must not have the same name: they may be joined to a cluster. */
export function defaultName(machineId: string | undefined): string {
  return machineId === undefined || !/^[0-9a-f]{32}$/.test(machineId)
    ? 'gemel'
    : `gemel-${machineId.slice(0, idDigits)}`;
}

/**
 * The whole name is the static host name: resolved answers for it and for its first label, also without DNS, so that
 * `hostname -f` works.
 */
export function renderDevice(settings: DeviceSettings): Rendering {
  return {
    files: [],
    properties: [
      { engine: hostnamed, name: 'StaticHostname', value: fullName(settings) },
      { engine: hostnamed, name: 'Location', value: settings.location },
    ],
  };
}

function planDevice({ settings, confirmed }: PlanInput<DeviceSettings, DeviceFacts>): SectionPlan {
  const [before, now] = [fullName(confirmed), fullName(settings)];
  if (before === now) return { units: [], interruptions: [] };
  const text = `The device is called ${now} instead of ${before}; prompts and logs of running programs may show the old name.`;
  return { units: [], interruptions: [{ subject: 'host name', kind: 'none', expectedMs: 0, text }] };
}

async function applyDevice(
  engine: Hostnamed,
  settings: DeviceSettings,
  onRenamed: (before: string, now: string) => void,
): Promise<void> {
  const identity = await engine.identity();
  if (identity === undefined) return;
  const name = fullName(settings);
  if (identity.staticHostName !== name) {
    await engine.setStaticHostName(name);
    onRenamed(identity.hostName, name);
  }
  if (identity.location !== settings.location) await engine.setLocation(settings.location);
}

async function probeDevice(engine: Hostnamed, settings: DeviceSettings): Promise<readonly Report[]> {
  const identity = await engine.identity();
  if (identity === undefined) return [deviceReports.report('device.engine.absent', {}, 'device/hostName')];
  const wanted = fullName(settings);
  if (identity.hostName === wanted) return [];
  const params = { actual: identity.hostName, wanted };
  return [deviceReports.report('device.host-name.not-applied', params, 'device/hostName')];
}
