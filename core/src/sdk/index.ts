export {
  type Action,
  type ActionCall,
  type ActionsAccess,
  type AnyAction,
  type CallAction,
  type Caller,
  defineAction,
  type JobAction,
  type JobCall,
  type Role,
  roles,
} from './actions.js';
export { callerFile } from './caller-file.js';
export { type AnyDisposable, DisposableStore, toDisposable } from './disposable.js';
export { type DraftAction, defineDraftAction } from './draft-change.js';
export { type EngineState, engineState } from './engine-state.js';
export { ApplianceError, type ApplianceErrorOptions, asApplianceError, type ErrorCode } from './errors.js';
export {
  defineEvent,
  type EventDefinition,
  type EventListener,
  type EventsAccess,
  type PublishedEvent,
} from './events.js';
export { coreHealth, type Health } from './health.js';
export { inject, injectable } from './injection.js';
export type { Job, JobState } from './jobs.js';
export type { Logger } from './log.js';
export { PasswordCheck } from './password-check.js';
export {
  type Constructor,
  definePlugin,
  type HealthCheck,
  type HealthPartReport,
  type HealthReport,
  type Plugin,
  type PluginContext,
} from './plugin.js';
export {
  defineReports,
  hasBlockingReport,
  type Report,
  type ReportDefinition,
  type ReportParam,
  type ReportSet,
  renderReportText,
  type Severity,
} from './reports.js';
export type {
  ApplyInput,
  DocumentReader,
  EngineProperty,
  FileChange,
  Interruption,
  PlanInput,
  RenderedFile,
  Rendering,
  RenderInput,
  Scope,
  Section,
  SectionPlan,
  SectionReference,
  SettingsAccess,
  VerifyInput,
} from './settings.js';
export {
  type ActivationPartner,
  type Adoption,
  SettingsExchange,
  type SharedChange,
  type SharedSection,
  type SharedSettings,
} from './settings-exchange.js';
export { type FactoryResetOptions, SettingsMaintenance } from './settings-maintenance.js';
export { defineStatus, type StatusAccess, type StatusDefinition, type StatusPublisher } from './status.js';
export type {
  Clock,
  CommandOptions,
  CommandResult,
  CommandRunner,
  DBus,
  DBusCall,
  DBusSignalMatch,
  DBusValue,
  FileStore,
  HostKind,
  SystemAccess,
  TransientTimer,
  UnitManager,
  UnitStatus,
  WriteOptions,
} from './system.js';
export { createToken, type Token } from './token.js';
export type { Cell, CellLike, Tone, View } from './view.js';
