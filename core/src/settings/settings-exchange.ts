import {
  type ActivationPartner,
  type Adoption,
  type Caller,
  type Report,
  type Scope,
  type SettingsExchange,
  type SharedSettings,
} from '../sdk/index.js';
import { assess } from './activation/assessment.js';
import { changedSections } from './draft/document-changes.js';
import { documentWith, shareDocument } from './exchange/shared-settings.js';
import type { SettingsEngine } from './settings-engine.js';

/** The operator who made the settings has overruled there what may be overruled. */
const everyForceCode: ReadonlySet<string> = new (class extends Set<string> {
  override has(): boolean {
    return true;
  }
})();

/** The door through which two nodes keep sections of a scope the same. */
export class EngineExchange implements SettingsExchange {
  constructor(readonly engine: SettingsEngine) {}

  confirmed(scope: Scope): SharedSettings {
    const { state } = this.engine;
    return shareDocument(state, state.confirmed.document, scope, state.confirmed.meta);
  }

  async verify(shared: SharedSettings): Promise<readonly Report[]> {
    const { state } = this.engine;
    const document = documentWith(state, shared);
    if (changedSections(state.sections, state.confirmed.document, document).length === 0) return [];
    const { reports } = await assess(state, document, undefined, 'ignored');
    return reports.filter(({ severity, forceCode }) => severity !== 'error' || forceCode === undefined);
  }

  async adopt(shared: SharedSettings, author: string): Promise<Adoption> {
    const { state } = this.engine;
    const caller: Caller = {
      name: author,
      role: 'administrator',
      surface: 'peer',
      connectedAt: state.parts.clock.monotonic(),
    };
    const request = () => ({
      document: documentWith(state, shared),
      origin: 'other-node' as const,
      comment: '',
      force: everyForceCode,
      confirmSeconds: 0,
      fromOtherNode: true,
    });
    const { state: outcome, revision } = await this.engine.activate(request, caller);
    return { state: outcome === 'unchanged' ? 'unchanged' : 'adopted', revision };
  }

  addPartner(scope: Scope, partner: ActivationPartner): Disposable {
    return this.engine.state.partners.add(scope, partner);
  }
}
