export { type GuardOutcome, guardRollback } from './rollback-guard.js';
export { SettingsEngine } from './settings-engine.js';
export { EngineExchange } from './settings-exchange.js';
export { activationStatus, type ActivationStatus } from './status.js';
export { unfitSections } from './unfit.js';
