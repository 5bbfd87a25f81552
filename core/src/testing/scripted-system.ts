import type { SystemAccess } from '../sdk/system.js';
import { FakeClock } from './fake-clock.js';
import { FaultPlan } from './fault-plan.js';
import { MemoryFileStore, type MemoryFile } from './memory-file-store.js';
import { ScriptedCommands } from './scripted-commands.js';
import { ScriptedDBus } from './scripted-dbus.js';
import { ScriptedUnits } from './scripted-units.js';

interface ScriptedParts {
  readonly clock?: FakeClock;
  readonly files?: Readonly<Record<string, string>> | ReadonlyMap<string, MemoryFile>;
}

/**
 * A host that does what the test scripted. All parts share one FaultPlan: `faults.journal` is the order in which the code
 * under test touched the world, and a fault can be put at any of these steps.
 */
export class ScriptedSystem implements SystemAccess {
  readonly kind = 'scripted';
  readonly faults: FaultPlan;
  readonly clock: FakeClock;
  readonly files: MemoryFileStore;
  readonly commands: ScriptedCommands;
  readonly units: ScriptedUnits;
  readonly dbus: ScriptedDBus;

  constructor(parts: ScriptedParts = {}, before?: { units: ScriptedUnits; dbus: ScriptedDBus; faults: FaultPlan }) {
    this.faults = before?.faults ?? new FaultPlan();
    this.clock = parts.clock ?? new FakeClock();
    this.files = new MemoryFileStore(parts.files ?? {}, this.faults);
    this.commands = new ScriptedCommands(this.faults);
    this.units = before?.units ?? new ScriptedUnits(this.clock, this.faults);
    this.dbus = before?.dbus ?? new ScriptedDBus(this.faults);
  }

  /** The world as the next process finds it after the first was killed: files, units and timers go on; commands are scripted anew. */
  afterCrash(): ScriptedSystem {
    this.clock.dropTimers();
    const faults = new FaultPlan();
    const before = { units: this.units.survive(faults), dbus: this.dbus.survive(faults), faults };
    return new ScriptedSystem({ clock: this.clock, files: this.files.entries() }, before);
  }

  /** The world after a power loss: /run is empty, no timer is left, no unit is active. */
  afterPowerLoss(): ScriptedSystem {
    this.clock.dropTimers();
    const faults = new FaultPlan();
    const before = { units: this.units.powerOff(faults), dbus: this.dbus.survive(faults), faults };
    const durable = [...this.files.entries()].filter(([path]) => !path.startsWith('/run/'));
    return new ScriptedSystem({ clock: this.clock, files: new Map(durable) }, before);
  }

  /** @throws Error for unscripted commands, expected ones that never ran, and watches, subscriptions or timers left behind. */
  verify(): void {
    this.commands.verify();
    const left = [
      [this.files.watching, 'file watches'],
      [this.dbus.listening, 'D-Bus subscriptions'],
      [this.clock.pending - this.units.timers.length, 'clock timers'],
    ] as const;
    const complaints = left.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what} left behind`);
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
  }
}
