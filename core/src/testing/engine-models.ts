import { ApplianceError } from '../sdk/errors.js';
import { SandboxBus } from '../system/sandbox/sandbox-bus.js';
import { SandboxCommands } from '../system/sandbox/sandbox-commands.js';
import { SandboxLinks } from '../system/sandbox/sandbox-links.js';
import {
  hostnameService,
  networkService,
  resolveService,
  timeDateService,
} from '../system/sandbox/sandbox-services.js';
import type { FakeClock } from './fake-clock.js';
import type { ScriptedSystem } from './scripted-system.js';

const units = ['systemd-networkd', 'systemd-resolved', 'systemd-timedated', 'systemd-hostnamed'];

/** Models of networkd, resolved, hostnamed and timedated, the sandbox host's own, for a scripted host. They outlive a crash of core. */
export class EngineModels {
  readonly #links = new SandboxLinks();
  readonly #hostname = hostnameService();
  readonly #timeDate: ReturnType<typeof timeDateService>;

  constructor(clock: FakeClock) {
    this.#timeDate = timeDateService(clock);
  }

  /** What a booted machine has; again after a power loss. */
  prepare(system: ScriptedSystem): void {
    for (const name of units) system.units.add(`${name}.service`, 'active');
    for (const [path, content] of Object.entries(this.#links.sysFiles())) system.files.put(path, content);
  }

  /** Lets a new process reach them. */
  connect({ commands, dbus, files }: ScriptedSystem): void {
    dbus.otherwise(
      new SandboxBus({
        'org.freedesktop.hostname1': this.#hostname,
        'org.freedesktop.timedate1': this.#timeDate,
        'org.freedesktop.network1': networkService(this.#links, files),
        'org.freedesktop.resolve1': resolveService(files),
      }),
    );
    const runner = {
      run: async ([program]: readonly [string, ...string[]]) => {
        throw new ApplianceError('unavailable', `${program} is not installed.`);
      },
    };
    commands.otherwise(new SandboxCommands({ runner, files, links: this.#links, locate: (path) => path }));
  }
}
