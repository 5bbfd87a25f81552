import { z } from 'zod';
import { type AnyAction, ApplianceError, type Caller, defineAction, type Report, type View } from '../../sdk/index.js';
import { setText, unsetPath } from '../exchange/text-edit.js';
import type { SettingsEngine } from '../settings-engine.js';
import { reportSchema } from '../store/journal.js';
import { changeSchema, changesView, shownChanges } from '../views/changes-view.js';
import { reportsView } from '../views/reports-view.js';
import { baseRevisionInput, pathInput } from './shared.js';

const editOutput = z.object({
  changes: z.array(changeSchema).describe('Everything that is pending now, from all operators.'),
  reports: z.array(reportSchema).describe('The verification of the whole draft.'),
});
type EditOutput = z.infer<typeof editOutput>;

function presentEdit({ changes, reports }: EditOutput): View {
  const next: View = {
    kind: 'text',
    text: 'Not in force yet. Next: gemel settings plan, gemel settings activate',
    tone: 'pending',
  };
  const pending = changesView(changes, 'Nothing is pending.');
  return { kind: 'group', views: [pending, ...reportsView(reports), ...(changes.length > 0 ? [next] : [])] };
}

function editResult(engine: SettingsEngine, reports: readonly Report[]): EditOutput {
  const { state, desk } = engine;
  const changes = shownChanges(state, state.confirmed.document, desk.document(), state.draft?.changes);
  return { changes: [...changes], reports: [...reports] };
}

/** Changing the draft: nothing here touches the running system. */
export function editActions(engine: SettingsEngine): readonly AnyAction[] {
  const revert = async (path: string, caller: Caller) => {
    await engine.revert(path, caller);
    return editResult(engine, await engine.verify(caller));
  };
  return [
    defineAction({
      kind: 'call',
      id: 'settings.set',
      summary: 'Change one setting in the draft.',
      role: 'operator',
      input: z.object({
        path: pathInput,
        value: z
          .string()
          .optional()
          .describe('Text, a number, true or false, a comma list, or JSON for objects and lists.')
          // somebody may type a secret all the same, and the audit log must not keep it
          .meta({ secret: true, secretField: 'secretValue' }),
        secretValue: z
          .string()
          .optional()
          .describe('In place of the value for a setting that is a secret or holds one.')
          .meta({ secret: true }),
        baseRevision: baseRevisionInput,
      }),
      output: editOutput,
      positionals: ['path', 'value'],
      present: presentEdit,
      run: async ({ path, value, secretValue, baseRevision }, { caller }) => {
        const text = secretValue ?? value;
        if (text === undefined || (value !== undefined && secretValue !== undefined)) {
          throw new ApplianceError('invalid', `Give one value for ${path}: as value, or as secretValue for a secret.`);
        }
        const edit = { path, caller, baseRevision, inClear: secretValue === undefined };
        return editResult(engine, await setText(engine, edit, text));
      },
    }),
    defineAction({
      kind: 'call',
      id: 'settings.unset',
      summary:
        'Take a setting away in the draft, or put it back to its default. A whole section goes back to its defaults, or goes with its files when its plugin is not there.',
      role: 'operator',
      input: z.object({ path: pathInput, baseRevision: baseRevisionInput }),
      output: editOutput,
      positionals: ['path'],
      present: presentEdit,
      run: async ({ path, baseRevision }, { caller }) =>
        editResult(engine, await unsetPath(engine, { path, caller, baseRevision })),
    }),
    defineAction({
      kind: 'call',
      id: 'settings.revert',
      summary: 'Drop pending changes, all of them or those at a path, whoever made them.',
      role: 'operator',
      input: z.object({ path: pathInput.default('') }),
      output: editOutput,
      positionals: ['path'],
      present: presentEdit,
      run: async ({ path }, { caller }) => revert(path, caller),
    }),
  ];
}
