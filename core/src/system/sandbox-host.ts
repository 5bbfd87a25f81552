import type { SystemAccess } from '../sdk/system.js';
import type { Host } from './appliance-host.js';
import { AtomicFileStore } from './atomic-file-store.js';
import { SystemCommandRunner } from './command-runner.js';
import { SandboxBus } from './sandbox/sandbox-bus.js';
import { SandboxCommands } from './sandbox/sandbox-commands.js';
import { SandboxFiles } from './sandbox/sandbox-files.js';
import { SandboxLinks } from './sandbox/sandbox-links.js';
import { hostnameService, networkService, resolveService, timeDateService } from './sandbox/sandbox-services.js';
import { SandboxUnits } from './sandbox/sandbox-units.js';
import { SystemClock } from './system-clock.js';

/** What of the machine shows through: nothing that differs from one use to the next, and nothing of its network. */
const readable = ['/proc', '/sys/class/dmi', '/etc/os-release', '/usr/lib/os-release', '/usr/share/zoneinfo'];

export interface SandboxHostOptions {
  /** Absolute. Everything the sandbox writes is below it: its own state by its paths, the appliance's `/` as `root`. */
  readonly folder: string;
  /** Further files and folders of the machine to read from, such as the built-in plugins. */
  readonly readable?: readonly string[];
  /** Called with the unit that a timer starts, in this process and as long as it lives. */
  readonly onTimer?: (unit: string) => void;
}

/** Any machine, without root: for looking, for plugin authors and for tests of surfaces; never the proof that something works. */
export async function createSandboxHost(options: SandboxHostOptions): Promise<Host> {
  const clock = new SystemClock();
  const store = new AtomicFileStore({ ownership: false });
  const files = new SandboxFiles(store, {
    folder: options.folder,
    root: `${options.folder}/root`,
    readable: [...readable, ...(options.readable ?? [])],
  });
  const links = new SandboxLinks();
  const units = new SandboxUnits(clock, options.onTimer ?? (() => {}));
  await Promise.all(
    Object.entries(links.sysFiles()).map(async ([path, content]) => {
      // from the second start on they are there, and nothing has to wait for the medium
      if ((await files.read(path)) !== content) await files.write(path, content);
    }),
  );
  const system: SystemAccess = {
    kind: 'sandbox',
    commands: new SandboxCommands({
      runner: new SystemCommandRunner(),
      files,
      links,
      locate: (path) => files.locate(path),
    }),
    files,
    units,
    dbus: new SandboxBus({
      'org.freedesktop.hostname1': hostnameService(),
      'org.freedesktop.timedate1': timeDateService(clock),
      'org.freedesktop.network1': networkService(links, files),
      'org.freedesktop.resolve1': resolveService(files),
    }),
    clock,
  };
  return { system, [Symbol.asyncDispose]: async () => units[Symbol.dispose]() };
}
