import { z } from 'zod';
import { type AnyAction, defineAction, hasBlockingReport, type View } from '../../sdk/index.js';
import { planSchema } from '../activation/plan.js';
import { valueAt } from '../document/json-tree.js';
import { redactSecrets } from '../document/secrets.js';
import type { SettingsDocument } from '../document/document.js';
import { exportDocument } from '../exchange/document-file.js';
import { findPlace } from '../exchange/path-check.js';
import type { SettingsEngine } from '../settings-engine.js';
import { activationLine, activationStatusSchema } from '../status.js';
import { reportSchema } from '../store/journal.js';
import { changeSchema, changesView, shownChanges } from '../views/changes-view.js';
import { planView } from '../views/plan-view.js';
import { reportsView } from '../views/reports-view.js';
import { treeView } from '../views/tree-view.js';
import { pathInput } from './shared.js';

const notLoadedSchema = z.array(z.string()).describe('Sections that are kept but not loaded.');

/** Settings below a path as everybody may see them; all loaded sections for the empty path. */
function shownSettings(engine: SettingsEngine, document: SettingsDocument, path: string): unknown {
  const { state } = engine;
  const { sections } = state;
  if (path === '') {
    const loaded = sections
      .all()
      .map((section) => section.id)
      .sort();
    return Object.fromEntries(
      loaded.flatMap((id) => {
        const settings = sections.settingsOf(document, id);
        return settings === undefined ? [] : [[id, shownSettings(engine, document, id)]];
      }),
    );
  }
  const { section, segments } = findPlace(state, document, path);
  const value = valueAt(sections.settingsOf(document, section.id), segments);
  return redactSecrets(sections.tree(section), value, segments);
}

function notLoadedView(notLoaded: readonly string[]): readonly View[] {
  if (notLoaded.length === 0) return [];
  return [{ kind: 'text', text: `Not loaded, kept as they are: ${notLoaded.join(', ')}`, tone: 'warn' }];
}

/** Reading: nothing here changes anything. */
export function lookActions(engine: SettingsEngine): readonly AnyAction[] {
  const { state, desk } = engine;
  return [
    defineAction({
      kind: 'call',
      id: 'settings.show',
      summary: 'Show settings, with marks where the draft differs from what is confirmed.',
      role: 'viewer',
      audited: false,
      input: z.object({
        path: pathInput.default(''),
        of: z.enum(['draft', 'running', 'confirmed']).default('draft').describe('Which settings.'),
      }),
      output: z.object({
        path: z.string(),
        revision: z.number().describe('The confirmed revision.'),
        value: z.unknown(),
        confirmed: z.unknown().describe('The same place in the confirmed settings.'),
        notLoaded: notLoadedSchema,
      }),
      positionals: ['path'],
      present: ({ path, value, confirmed, notLoaded }): View => ({
        kind: 'group',
        views: [treeView(confirmed, value, path), ...(path === '' ? notLoadedView(notLoaded) : [])],
      }),
      run: async ({ path, of }) => {
        const { confirmed, running } = state;
        const document = { draft: desk.document(), running: running.document, confirmed: confirmed.document }[of];
        return {
          path,
          revision: confirmed.meta.number,
          value: shownSettings(engine, document, path),
          confirmed: shownSettings(engine, confirmed.document, path),
          notLoaded: [...document.keys()].filter((id) => state.sections.get(id) === undefined),
        };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'settings.compare',
      summary: 'Show what the draft changes, and who changed it.',
      role: 'viewer',
      audited: false,
      input: z.object({
        with: z.enum(['confirmed', 'running']).default('confirmed').describe('What the draft is compared with.'),
      }),
      output: z.object({
        revision: z.number().describe('The revision it is compared with.'),
        changes: z.array(changeSchema),
        reports: z.array(reportSchema).describe('Collisions with what was confirmed meanwhile.'),
        status: activationStatusSchema,
      }),
      present: ({ revision, changes, reports, status }): View => {
        const pending = changesView(changes, `The draft is the same as revision ${revision}.`);
        return {
          kind: 'group',
          views: [pending, ...reportsView(reports), { kind: 'text', ...activationLine(status) }],
        };
      },
      run: async (input) => {
        const base = input.with === 'running' ? state.running : state.confirmed;
        const changes = shownChanges(state, base.document, desk.document(), state.draft?.changes);
        const reports = [...engine.collisions()];
        return { revision: base.meta.number, changes: [...changes], reports, status: engine.status() };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'settings.verify',
      summary: 'Check the draft and show everything that is wrong or doubtful.',
      role: 'viewer',
      audited: false,
      input: z.object({}),
      output: z.object({
        blocked: z.boolean().describe('An error stands in the way of activation.'),
        reports: z.array(reportSchema),
      }),
      present: ({ blocked, reports }): View => {
        const verdict: View = blocked
          ? { kind: 'text', text: 'The draft cannot be activated as it is.', tone: 'bad' }
          : { kind: 'text', text: 'The draft can be activated.', tone: 'ok' };
        return { kind: 'group', views: [...reportsView(reports), verdict] };
      },
      run: async (_input, { caller }) => {
        const reports = await engine.verify(caller);
        return { blocked: hasBlockingReport(reports), reports: [...reports] };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'settings.plan',
      summary: 'Show what activating the draft would do: files, units, and what will be interrupted for how long.',
      role: 'viewer',
      audited: false,
      input: z.object({}),
      output: planSchema,
      present: planView,
      run: async (_input, { caller }) => {
        const plan = await engine.plan(caller);
        return { ...plan, reports: [...engine.collisions(), ...plan.reports] };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'settings.export',
      summary: 'Give the confirmed settings as a file for: gemel settings apply. Secrets are left out.',
      role: 'viewer',
      audited: false,
      input: z.object({
        revision: z.number().int().positive().optional().describe('An older revision instead of the confirmed one.'),
      }),
      output: z.record(z.string(), z.unknown()),
      present: (document): View => ({ kind: 'raw', text: `${JSON.stringify(document, null, 2)}\n` }),
      run: async ({ revision }) => {
        const { number } = state.confirmed.meta;
        const { document } = await engine.revision(revision ?? number);
        return exportDocument(state, document, revision ?? number);
      },
    }),
  ];
}
