import { ScriptedSystem } from '@gemel/core/testing';
import type { Caller, EventDefinition, EventsAccess, Health, JobCall } from '@gemel/core/sdk';
import { BundleExamination } from '#firmware/bundle/examination.js';
import { FirmwareWarnings } from '#firmware/bundle/firmware-warnings.js';
import { FirmwareService } from '#firmware/firmware-service.js';
import { Installation, type InstallationParts } from '#firmware/install/installation.js';
import { paths } from '#firmware/paths.js';
import { ApplianceFirmware } from '#firmware/slots/appliance-firmware.js';
import { FirmwareRecords } from '#firmware/slots/trial.js';
import { Rauc } from '#firmware/system/rauc.js';
import { Restart } from '#firmware/system/restart.js';

export const rauc = 'de.pengutronix.rauc';
const installer = `${rauc}.Installer`;
export const bundle = '/var/lib/gemel/incoming/gemel.raucb';

interface InfoOptions {
  readonly version?: string;
  readonly compatible?: string;
  readonly profiles?: string;
  readonly minimum?: string;
  readonly trial?: string;
  readonly imageBytes?: number;
  readonly meta?: object;
}

/** As RAUC 1.13 prints it. */
export function bundleInfo(options: InfoOptions = {}): string {
  const rules = {
    profiles: options.profiles ?? 'rack1 virt1',
    'minimum-version': options.minimum ?? '0.1.0',
    'settings-trial': options.trial ?? 'settings-trial.tar',
  };
  return JSON.stringify({
    update: { version: options.version ?? '0.2.0', compatible: options.compatible ?? 'gemel-x86_64' },
    hooks: { filename: 'hook', hooks: [] },
    images: [
      {
        'slot-class': 'rootfs',
        filename: 'rootfs.ext4',
        size: options.imageBytes ?? 700_000_000,
        hooks: ['post-install'],
      },
    ],
    bundle: { format: 'verity', 'verity-size': 4096, 'verity-salt': 'aa', 'verity-hash': 'bb' },
    meta: options.meta ?? { gemel: rules },
  });
}

export const slot = (id: string, name: string, more: object = {}) => [
  id,
  { device: '/dev/x', bootname: name, class: 'rootfs', type: 'ext4', state: 'inactive', 'boot-status': 'bad', ...more },
];
export const runningA = slot('rootfs.0', 'A', { state: 'booted', 'boot-status': 'good' });

/** An appliance that runs 0.1.0 in slot A, with a bundle that fits and RAUC idle. */
export function newWorld(info: InfoOptions = {}) {
  const system = new ScriptedSystem({
    files: {
      [paths.record]: '{"version":"0.1.0"}\n',
      [paths.kernelCommandLine]: 'root=PARTLABEL=gemel-root-a rauc.slot=A gemel.choice=counted rw\n',
      [paths.systemConf]: '[system]\ncompatible=gemel-x86_64\n',
      [`${paths.blockDevices}/vda2/uevent`]: 'PARTNAME=gemel-root-a\n',
      [`${paths.blockDevices}/vda3/uevent`]: 'DEVNAME=vda3\nPARTNAME=gemel-root-b\n',
      [`${paths.blockDevices}/vda3/size`]: '5242880\n',
    },
  });
  const { commands, dbus, files, clock } = system;
  commands.always(['stat', '--format=%F %s %Y %i', /./], 'regular file 250000000 1795321739 12\n');
  commands.always(['rauc', 'info', '--output-format=json-2', /./], bundleInfo(info));
  commands.always(['gemel-node', '/check.js', /./, 'bb', 'aa', '4096']);
  commands.always(['mkdir', '-p', '-m', '0700', /./, /./]);
  commands.always([/unsquashfs/, /./, /./, /./, /./, /./, /./, /./, /./]);
  commands.always(['tar', '-x', '--no-same-owner', '-C', /./, '-f', /./]);
  commands.always(['cp', '-a', paths.settings, /./]);
  const trial = ['gemel-node', /gemel-settings-trial\.js$/, /./];
  commands.always(trial, '{"level":"info"}\n{"reports":[]}\n');
  const other: { now: object } = { now: {} };
  dbus.reply(rauc, `${installer}.GetSlotStatus`, () => [[runningA, slot('rootfs.1', 'B', other.now)]]);
  dbus.reply(rauc, `${installer}.GetPrimary`, ['rootfs.0']);
  /** Slot B as RAUC leaves it. */
  const written = (version: string, count = 1) => {
    other.now = { status: 'ok', 'boot-status': 'good', 'bundle.version': version, 'installed.count': count };
  };
  dbus.reply(rauc, `${installer}.InstallBundle`, () => {
    written(info.version ?? '0.2.0');
    return [];
  });
  dbus.reply(rauc, `${installer}.Mark`, ['rootfs.1', 'marked']);
  dbus.reply('org.freedesktop.login1', 'org.freedesktop.login1.Manager.ScheduleShutdown');
  const raucIs = (operation: string, lastError = '') =>
    dbus.properties(rauc, '/', installer, {
      Operation: operation,
      LastError: lastError,
      Progress: [50, 'Copying image', 2],
    });
  raucIs('idle');

  const told: { readonly id: string; readonly payload: unknown }[] = [];
  const events = {
    publish: (definition: EventDefinition<unknown>, payload: unknown) => void told.push({ id: definition.id, payload }),
  } as unknown as EventsAccess; // this plugin only publishes
  const firmware = new ApplianceFirmware(files);
  const records = new FirmwareRecords(files);
  const service = new FirmwareService(firmware, records, new Rauc(dbus));
  const warnings = new FirmwareWarnings({ debug() {}, info() {}, warn() {}, error() {} });
  const examination = new BundleExamination({
    commands,
    files,
    firmware,
    checkProgram: '/check.js',
    hardware: () => ({ status: async () => ({ profile: { id: 'virt1' } }) }) as never, // nothing else of it is asked
    warnings: (version) => warnings.about(version),
  });
  const health: { now: Health } = { now: { healthy: true, items: [] } };
  const cluster: { refuses: Error | undefined } = { refuses: undefined };
  const parts: InstallationParts = {
    rauc: service.rauc,
    firmware,
    examination,
    records,
    restart: new Restart(dbus, clock),
    events,
    clock,
    requireFitCluster: async () => {
      if (cluster.refuses !== undefined) throw cluster.refuses;
    },
    unhealthy: async () => health.now.items.filter(({ healthy }) => !healthy).map(({ name }) => name),
  };
  const installation = new Installation(parts);
  return {
    system,
    service,
    records,
    examination,
    warnings,
    installation,
    parts,
    events,
    told,
    raucIs,
    written,
    other,
    health,
    cluster,
    trial,
  };
}

const caller: Caller = { name: 'user:jane', role: 'administrator', surface: 'cli', connectedAt: 0 };

/** A job's call that remembers what it was told. */
export function jobCall() {
  const saved: unknown[] = [];
  const lines: string[] = [];
  const call: JobCall = {
    jobId: '1',
    caller,
    signal: new AbortController().signal,
    progress: (_fraction, message) => void lines.push(message),
    log: (line) => void lines.push(line),
    save: async (state) => void saved.push(state),
  };
  return { call, saved, lines };
}
