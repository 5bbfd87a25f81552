import type { AnyDisposable, DisposableStore } from '../sdk/disposable.js';
import { ApplianceError } from '../sdk/errors.js';
import { isGranted } from '../sdk/granted-path.js';
import type {
  Clock,
  CommandRunner,
  DBus,
  DBusSignalMatch,
  FileStore,
  SystemAccess,
  UnitManager,
} from '../sdk/system.js';

/** The manifest's `grants`. */
export interface SystemGrants {
  /** Program names. */
  readonly commands: readonly string[];
  /** Absolute files and folders; a folder grants everything below it. */
  readonly files: readonly string[];
  /** Unit names; `site@.service` grants every instance. */
  readonly units: readonly string[];
  /** Well-known bus names. */
  readonly dbus: readonly string[];
}

/**
 * The host as one plugin may use it: what the manifest does not grant is refused with the line that is missing, and whatever
 * the plugin leaves running (watches, subscriptions, timers) ends with `own`. It guards against mistakes, not against
 * malice: a plugin in this process could reach around it.
 */
export function limitSystem(
  system: SystemAccess,
  pluginId: string,
  grants: SystemGrants,
  own: DisposableStore,
): SystemAccess {
  const refuse = (list: keyof SystemGrants, doing: string, name: string): never => {
    throw new ApplianceError(
      'forbidden',
      `Plugin ${pluginId} may not ${doing} ${name}: add it to grants.${list} in the "gemel" block of its package.json.`,
    );
  };
  return {
    kind: system.kind,
    commands: limitCommands(system.commands, grants, refuse),
    files: limitFiles(system.files, grants, refuse, own),
    units: limitUnits(system.units, grants, refuse),
    dbus: limitDBus(system.dbus, grants, refuse, own),
    clock: ownedClock(system.clock, own),
  };
}

type Refuse = (list: keyof SystemGrants, doing: string, name: string) => never;

function limitCommands(commands: CommandRunner, grants: SystemGrants, refuse: Refuse): CommandRunner {
  return {
    run: async (argv, options) => {
      if (!grants.commands.includes(argv[0])) refuse('commands', 'run', argv[0]);
      return commands.run(argv, options);
    },
  };
}

function limitFiles(files: FileStore, grants: SystemGrants, refuse: Refuse, own: DisposableStore): FileStore {
  const check = (doing: string, path: string) => {
    if (!isGranted(path, grants.files)) refuse('files', doing, path);
  };
  return {
    read: async (path) => {
      check('read', path);
      return files.read(path);
    },
    list: async (path) => {
      check('read', path);
      return files.list(path);
    },
    readLink: async (path) => {
      check('read', path);
      return files.readLink(path);
    },
    write: async (path, content, options) => {
      check('write', path);
      return files.write(path, content, options);
    },
    append: async (path, line, options) => {
      check('write', path);
      return files.append(path, line, options);
    },
    overwrite: async (path, at, text) => {
      check('write', path);
      return files.overwrite(path, at, text);
    },
    remove: async (path) => {
      check('write', path);
      return files.remove(path);
    },
    rename: async (from, to) => {
      check('write', from);
      check('write', to);
      return files.rename(from, to);
    },
    link: async (target, path) => {
      check('write', path);
      return files.link(target, path);
    },
    watch: (path, listener) => {
      check('read', path);
      return owned(own, files.watch(path, listener));
    },
  };
}

function limitUnits(units: UnitManager, grants: SystemGrants, refuse: Refuse): UnitManager {
  const check = (doing: string, unit: string) => {
    const template = unit.replace(/@[^@]+(\.[a-z]+)$/, '@$1');
    if (!grants.units.includes(unit) && !grants.units.includes(template)) refuse('units', doing, unit);
  };
  return {
    status: async (unit) => {
      check('look at', unit);
      return units.status(unit);
    },
    start: async (unit) => {
      check('start', unit);
      return units.start(unit);
    },
    stop: async (unit) => {
      check('stop', unit);
      return units.stop(unit);
    },
    restart: async (unit) => {
      check('restart', unit);
      return units.restart(unit);
    },
    reloadOrRestart: async (unit) => {
      check('reload', unit);
      return units.reloadOrRestart(unit);
    },
    kill: async (unit) => {
      check('kill', unit);
      return units.kill(unit);
    },
    startTimer: async (timer) => {
      check('start', timer.name);
      check('start', timer.unit);
      return units.startTimer(timer);
    },
    stopTimer: async (name) => {
      check('stop', name);
      return units.stopTimer(name);
    },
  };
}

function limitDBus(dbus: DBus, grants: SystemGrants, refuse: Refuse, own: DisposableStore): DBus {
  const check = (destination: string) => {
    if (!grants.dbus.includes(destination)) refuse('dbus', 'call', destination);
  };
  const checkSignal = (match: DBusSignalMatch) => {
    const names = match.sender === undefined ? grants.dbus : [match.sender];
    const granted = names.some((name) => grants.dbus.includes(name) && isSignalOf(match, name));
    if (!granted) refuse('dbus', 'listen to', match.sender ?? match.interface);
  };
  return {
    call: async (call) => {
      check(call.destination);
      return dbus.call(call);
    },
    getProperties: async (destination, path, interfaceName) => {
      check(destination);
      return dbus.getProperties(destination, path, interfaceName);
    },
    onSignal: (match, listener) => {
      checkSignal(match);
      return owned(own, dbus.onSignal(match, listener));
    },
  };
}

/** With a sender the bus itself keeps other services' signals out; without, the interface must be the service's own. */
function isSignalOf(match: DBusSignalMatch, name: string): boolean {
  return match.sender === name || match.interface === name || match.interface.startsWith(`${name}.`);
}

function ownedClock(clock: Clock, own: DisposableStore): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (ms, fire) => {
      const timer = owned(
        own,
        clock.after(ms, () => {
          timer[Symbol.dispose]();
          fire();
        }),
      );
      return timer;
    },
    every: (ms, fire) => owned(own, clock.every(ms, fire)),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
}

/** Ends with its owner, or earlier by itself. */
function owned(own: DisposableStore, thing: Disposable & AnyDisposable): Disposable {
  own.add(thing);
  return { [Symbol.dispose]: () => void own.release(thing) };
}
