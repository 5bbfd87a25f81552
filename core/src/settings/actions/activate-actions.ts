import { z } from 'zod';
import { type ActionCall, type AnyAction, ApplianceError, defineAction, type View } from '../../sdk/index.js';
import type { ActivationResult } from '../activation/activation.js';
import { planSchema } from '../activation/plan.js';
import { documentLike, importDocument } from '../exchange/document-file.js';
import { changedSections } from '../draft/document-changes.js';
import type { SettingsEngine } from '../settings-engine.js';
import { activationLine, activationStatusSchema } from '../status.js';
import type { Journal } from '../store/journal.js';
import { planView } from '../views/plan-view.js';
import {
  type ActivationInput,
  activationInput,
  activationOptions,
  type ActivationOutput,
  activationOutput,
  activationTimeoutMs,
  presentActivation,
  waitLimitMs,
} from './shared.js';

/** A caller who goes away does not stop an activation: the engine never sees the call's signal, only the waiting does. */
async function outcomeOf(
  engine: SettingsEngine,
  result: ActivationResult,
  input: ActivationInput,
  call: ActionCall,
  startedAt: number,
): Promise<ActivationOutput> {
  const { clock } = engine.state.parts;
  if (input.wait === true && result.state === 'awaiting-confirmation') {
    await engine.waitSettled(Math.max(0, waitLimitMs - (clock.monotonic() - startedAt)), call.signal);
  }
  const status = engine.status();
  const mine = status.revision === result.revision;
  const ended = mine && result.state === 'awaiting-confirmation' ? endOf(status.state) : result.state;
  return { outcome: ended, revision: result.revision, status, reports: [...result.reports] };
}

function endOf(state: string): ActivationOutput['outcome'] {
  return state === 'confirmed' || state === 'rolled-back' || state === 'stuck' ? state : 'awaiting-confirmation';
}

const settledOutput = z.object({ revision: z.number(), over: z.string(), status: activationStatusSchema });

function presentEnd(journal: Journal): string {
  return journal.reports.map((report) => report.text).join(' ');
}

export function activateActions(engine: SettingsEngine): readonly AnyAction[] {
  const { state } = engine;
  const { clock } = state.parts;

  /** Brings back the confirmed revision where that is stuck; any other revision is activated like new settings. */
  const rollback = async (
    input: ActivationInput & { revision: number },
    call: ActionCall,
  ): Promise<ActivationOutput> => {
    const startedAt = clock.monotonic();
    const { number } = state.confirmed.meta;
    if (state.activation?.state === 'stuck' && input.revision === number) {
      const ended = await engine.undo(call.caller);
      if (ended.state === 'stuck')
        throw new ApplianceError('engine-failed', presentEnd(ended), { reports: ended.reports });
      return { outcome: 'rolled-back', revision: ended.revision, status: engine.status(), reports: [...ended.reports] };
    }
    const { document } = await engine.revision(input.revision);
    const options = activationOptions(input);
    const comment = options.comment === '' ? `Back to revision ${input.revision}` : options.comment;
    const request = { ...options, comment, origin: 'rollback', document: documentLike(state, document) } as const;
    return outcomeOf(engine, await engine.activateDocument(request, call.caller), input, call, startedAt);
  };

  return [
    defineAction({
      kind: 'call',
      id: 'settings.activate',
      summary:
        'Put the draft into force. It is rolled back unless it is confirmed in time, where it could cut you off.',
      role: 'operator',
      timeoutMs: activationTimeoutMs,
      input: z.object(activationInput),
      output: activationOutput,
      present: presentActivation,
      run: async (input, call) => {
        const startedAt = clock.monotonic();
        const result = await engine.activateDraft(activationOptions(input), call.caller);
        return outcomeOf(engine, result, input, call, startedAt);
      },
    }),
    defineAction({
      kind: 'call',
      id: 'settings.confirm',
      summary:
        'Keep the revision that awaits confirmation. Counts over a connection opened after the change, the console or the local CLI.',
      role: 'operator',
      input: z.object({}),
      output: settledOutput,
      present: ({ revision, over }): View => ({
        kind: 'text',
        text: `Revision ${revision} is confirmed (over: ${over}).`,
        tone: 'ok',
      }),
      run: async (_input, { caller }) => {
        const { revision, over } = await engine.confirm(caller);
        return { revision, over, status: engine.status() };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'settings.undo',
      summary: 'Take back at once what is being applied or awaits confirmation.',
      role: 'operator',
      timeoutMs: activationTimeoutMs,
      input: z.object({
        revision: z
          .number()
          .int()
          .positive()
          .optional()
          .describe('Only this revision, and only if it is due: for the guard.'),
      }),
      output: z.object({ status: activationStatusSchema }),
      present: ({ status }): View => ({ kind: 'text', ...activationLine(status) }),
      run: async ({ revision }, { caller }) => {
        const ended = revision === undefined ? await engine.undo(caller) : await engine.rollBackExpired(revision);
        if (ended?.state === 'stuck')
          throw new ApplianceError('engine-failed', presentEnd(ended), { reports: ended.reports });
        return { status: engine.status() };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'settings.rollback',
      summary: 'Put an older revision into force again, with plan and confirmation like any change. The draft stays.',
      role: 'operator',
      timeoutMs: activationTimeoutMs,
      input: z.object({
        revision: z.number().int().positive().describe('See: gemel settings history.'),
        ...activationInput,
      }),
      output: activationOutput,
      positionals: ['revision'],
      present: presentActivation,
      run: rollback,
    }),
    defineAction({
      kind: 'call',
      id: 'settings.apply',
      summary: 'Put the settings of an exported or written file into force. Says so when there is nothing to do.',
      role: 'operator',
      timeoutMs: activationTimeoutMs,
      input: z.object({
        file: z
          .string()
          .describe('JSON as given by: gemel settings export. Sections that it does not name stay as they are.')
          .meta({ fileContent: true, secret: true }),
        planOnly: z.boolean().optional().describe('Show what it would do, and do nothing.'),
        ...activationInput,
      }),
      output: z.object({ plan: planSchema.nullable(), activation: activationOutput.nullable() }),
      positionals: ['file'],
      present: ({ plan, activation }): View => {
        if (plan !== null) return planView(plan);
        return activation === null ? { kind: 'group', views: [] } : presentActivation(activation);
      },
      run: async (input, call) => {
        const startedAt = clock.monotonic();
        const document = importDocument(state, input.file);
        const changed = changedSections(state.sections, state.confirmed.document, document).length > 0;
        if (input.planOnly === true && changed)
          return { plan: await engine.plan(call.caller, document), activation: null };
        const request = { ...activationOptions(input), origin: 'file', document } as const;
        const result =
          input.planOnly === true
            ? ({ state: 'unchanged', revision: state.confirmed.meta.number, reports: [] } as const)
            : await engine.activateDocument(request, call.caller);
        return { plan: null, activation: await outcomeOf(engine, result, input, call, startedAt) };
      },
    }),
  ];
}
