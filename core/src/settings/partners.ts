import type { ActivationPartner, Caller, Report, Scope, SharedChange } from '../sdk/index.js';
import { toDisposable } from '../sdk/index.js';
import type { SettingsDocument } from './document/document.js';
import { changedSections } from './draft/document-changes.js';
import type { EngineState } from './engine-parts.js';
import { shareDocument } from './exchange/shared-settings.js';

/** Those who must agree with activations that touch a scope. Without any nothing is asked. */
export class Partners {
  readonly #entries = new Set<{ readonly scope: Scope; readonly partner: ActivationPartner }>();

  add(scope: Scope, partner: ActivationPartner): Disposable {
    const entry = { scope, partner };
    this.#entries.add(entry);
    return toDisposable(() => this.#entries.delete(entry));
  }

  /** The change of a document against what is confirmed, in the scopes that have a partner; undefined when it touches none. */
  changeOf(state: EngineState, document: SettingsDocument, author: string): SharedChange | undefined {
    if (this.#entries.size === 0) return undefined;
    const { confirmed, sections, parts } = state;
    const changed = changedSections(sections, confirmed.document, document);
    for (const { scope } of this.#entries) {
      const only = new Set(changed.filter((id) => sections.get(id)?.scope === scope));
      if (only.size === 0) continue;
      const next = { number: confirmed.meta.number + 1, author, at: parts.clock.now() };
      return {
        before: shareDocument(state, confirmed.document, scope, confirmed.meta, only),
        after: shareDocument(state, document, scope, next, only),
      };
    }
    return undefined;
  }

  async prepare(change: SharedChange, caller: Caller): Promise<readonly Report[]> {
    const said = await Promise.all(this.#of(change).map((partner) => partner.prepare(change, caller)));
    return said.flat();
  }

  /** @throws ApplianceError of the first that does not take it. */
  async commit(change: SharedChange): Promise<void> {
    for (const partner of this.#of(change)) await partner.commit(change);
  }

  async abandon(change: SharedChange): Promise<void> {
    for (const partner of this.#of(change)) await partner.abandon(change);
  }

  #of({ after }: SharedChange): readonly ActivationPartner[] {
    return [...this.#entries].filter(({ scope }) => scope === after.scope).map(({ partner }) => partner);
  }
}
