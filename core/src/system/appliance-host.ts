import type { Logger } from '../sdk/log.js';
import type { SystemAccess } from '../sdk/system.js';
import { AtomicFileStore } from './atomic-file-store.js';
import { SystemCommandRunner } from './command-runner.js';
import { OutsideProgramRunner } from './outside-programs.js';
import { SystemBus } from './system-bus.js';
import { SystemClock } from './system-clock.js';
import { SystemdUnits } from './systemd-units.js';

/** A host that was opened and must be closed: connections and timers of its own end with it. */
export interface Host extends AsyncDisposable {
  readonly system: SystemAccess;
}

/** Debian 13 with systemd, as root. */
export function createApplianceHost(log: Logger): Host {
  const clock = new SystemClock();
  const dbus = new SystemBus({
    onTrouble: (failure, what) => log.error({ error: failure }, `D-Bus: ${what} failed`),
  });
  const system: SystemAccess = {
    kind: 'appliance',
    commands: new OutsideProgramRunner(new SystemCommandRunner()),
    files: new AtomicFileStore({ ownership: true }),
    units: new SystemdUnits(dbus, clock),
    dbus,
    clock,
  };
  return { system, [Symbol.asyncDispose]: () => dbus[Symbol.asyncDispose]() };
}
