export { FakeClock } from './fake-clock.js';
export { FaultPlan, SimulatedCrash, type Step, type StepKind } from './fault-plan.js';
export { LeakTracker, trackLeaks } from './leak-tracker.js';
export { type MemoryFile, MemoryFileStore } from './memory-file-store.js';
export { ScriptedCommands, type ScriptedResult, type ScriptedRun } from './scripted-commands.js';
export { ScriptedDBus, type ScriptedReply } from './scripted-dbus.js';
export { ScriptedSystem } from './scripted-system.js';
export { ScriptedUnits } from './scripted-units.js';
