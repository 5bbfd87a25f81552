export { settingsActions } from './actions/settings-actions.js';
export type { EngineParts } from './engine-parts.js';
export { settingsEvents } from './events.js';
export { settingsReports } from './reports.js';
export { coreUnit, type GuardOutcome, type GuardParts, guardRollback } from './rollback-guard.js';
export { SettingsEngine } from './settings-engine.js';
export { activationStatus, type ActivationStatus } from './status.js';
