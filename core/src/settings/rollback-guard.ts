import { type EngineParts, EngineState } from './engine-parts.js';
import { limited, limits } from './limits.js';
import { reasonOf } from './sections.js';
import { SettingsEngine } from './settings-engine.js';
import { guardLeadMs, isPending, type Journal } from './store/journal.js';

const coreUnit = 'gemel-core.service';

/** A waiting guard looks that often whether the revision was settled meanwhile. */
const lookMs = 1_000;

/** Without a core to ask, the sections are loaded so long before the end of the window: a slow processor needs seconds for it. */
const composeLeadMs = 20_000;

/** A core that hangs still has its socket, where the kernel takes connections for it; one that lives answers a small request at once. */
const answerLimitMs = 2_000;

/** A core that hangs does not hear that it is to stop, and systemd would wait 30 s for it. */
const stopLimitMs = 2_000;

/** A core that has just answered may be at it, but its rollback may take as long as applying does. */
const askLimitMs = 5_000 + limits.applyMs;

export interface GuardParts {
  /** Of the unit's instance, `gemel-rollback@12.service`. */
  readonly revision: number;
  readonly engine: EngineParts;
  /** Has the living core take the revision back: `settings.undo` with the revision. */
  askCore(revision: number): Promise<'done' | 'unreachable'>;
  /** Whether core answers a request; the signal ends the wait for it. */
  doesCoreAnswer(signal: AbortSignal): Promise<boolean>;
  /** An engine with all sections that can be loaded, without sockets. */
  compose(): Promise<Composed>;
}

export interface Composed extends AsyncDisposable {
  readonly engine: SettingsEngine;
}

export interface GuardOutcome {
  readonly kind: 'not-pending' | 'not-due' | 'by-core' | 'by-guard' | 'stuck';
  /** For the journal of the unit. */
  readonly text: string;
}

/**
 * What `gemel-rollback@REVISION.service` does when its timer fires, a while before the end of the window: it waits for the
 * end. Nothing if the revision was settled by then, else core takes it back, else this process does, with core stopped so that nobody
 * else touches the system meanwhile.
 */
export async function guardRollback(guard: GuardParts): Promise<GuardOutcome> {
  await using ahead = new ComposedAhead(guard);
  const { revision, engine } = guard;
  for (;;) {
    const journal = await findPending(guard);
    if (journal === undefined)
      return { kind: 'not-pending', text: `Revision ${revision} is not pending: nothing to do.` };
    const left = await timeLeft(guard, journal);
    if (left <= 0) break;
    if (left > guardLeadMs) return { kind: 'not-due', text: `Revision ${revision} still has time: nothing to do.` };
    if (left <= composeLeadMs) await ahead.look(left);
    await engine.clock.sleep(Math.min(left, lookMs));
  }
  if ((await ahead.isCoreThere()) && (await ask(guard)) === 'done') {
    const left = await findPending(guard);
    if (left === undefined) return { kind: 'by-core', text: `Core took revision ${revision} back.` };
    return { kind: 'stuck', text: `Core could not take revision ${revision} back: ${describe(left)}` };
  }
  await attempt(engine, 'stopping core', () => stopCore(engine));
  try {
    return await takeBack(guard, await ahead.take());
  } finally {
    await attempt(engine, 'starting core', () => engine.units.start(coreUnit));
  }
}

async function stopCore({ units, clock, log }: EngineParts): Promise<void> {
  try {
    await limited(clock, stopLimitMs, 'Stopping core', () => units.stop(coreUnit));
  } catch (thrown) {
    log.warn({ reason: reasonOf(thrown) }, 'core is killed');
    await units.kill(coreUnit);
    await units.stop(coreUnit);
  }
}

async function takeBack({ revision }: GuardParts, ready: Composed): Promise<GuardOutcome> {
  await using composed = ready;
  const ended = await composed.engine.rollBackPending(revision);
  await composed.engine.close();
  if (ended === undefined) return { kind: 'not-pending', text: `Revision ${revision} was settled meanwhile.` };
  if (ended.state === 'stuck')
    return { kind: 'stuck', text: `Revision ${revision} could not be taken back: ${describe(ended)}` };
  return { kind: 'by-guard', text: `Core did not answer; revision ${ended.parent} was brought back without it.` };
}

/** What was composed while no core answered. A core that came back may have changed what it holds, so that it is made anew. */
class ComposedAhead {
  #composed: Composed | undefined;

  constructor(readonly guard: GuardParts) {}

  /** @param left Milliseconds to the end of the window, for which a core that did not answer before is not waited beyond. */
  async look(left: number): Promise<void> {
    const withinMs = this.#composed === undefined ? answerLimitMs : Math.min(left, answerLimitMs);
    if (await doesCoreAnswer(this.guard, withinMs)) await this[Symbol.asyncDispose]();
    else this.#composed ??= await composeOrBare(this.guard);
  }

  /** At the end of the window: one that did not answer before it is not asked any more. */
  async isCoreThere(): Promise<boolean> {
    return this.#composed === undefined && doesCoreAnswer(this.guard, answerLimitMs);
  }

  /** The caller disposes of it. */
  async take(): Promise<Composed> {
    const composed = this.#composed ?? (await composeOrBare(this.guard));
    this.#composed = undefined;
    return composed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const composed = this.#composed;
    this.#composed = undefined;
    await composed?.[Symbol.asyncDispose]();
  }
}

/** With a core that cannot even be composed the stored files are put back and their units reloaded: the engine does so for absent sections. */
async function composeOrBare(guard: GuardParts): Promise<Composed> {
  try {
    return await guard.compose();
  } catch (thrown) {
    guard.engine.log.error(
      { reason: reasonOf(thrown) },
      'sections cannot be loaded; restoring the stored files instead',
    );
    return { engine: new SettingsEngine(guard.engine), [Symbol.asyncDispose]: async () => undefined };
  }
}

async function findPending({ engine, revision }: GuardParts): Promise<Journal | undefined> {
  const state = new EngineState(engine);
  const journal = await state.journal.read();
  const confirmed = await state.revisions.confirmedNumber().catch(() => undefined);
  return isPending(journal, confirmed) && journal.revision === revision ? journal : undefined;
}

/** Milliseconds until the deadline on disk, which decides: the timer fires before it, and that of an earlier phase may fire late. */
async function timeLeft({ engine }: GuardParts, journal: Journal): Promise<number> {
  if (journal.deadline === null || journal.bootId !== (await new EngineState(engine).bootId())) return 0;
  return journal.deadline - engine.clock.monotonic();
}

async function doesCoreAnswer({ engine, doesCoreAnswer: asked }: GuardParts, withinMs: number): Promise<boolean> {
  try {
    return await limited(engine.clock, withinMs, 'Asking core whether it is there', asked);
  } catch {
    return false; // hanging
  }
}

async function ask(guard: GuardParts): Promise<'done' | 'unreachable'> {
  const { clock, log } = guard.engine;
  try {
    return await limited(clock, askLimitMs, 'Asking core', () => guard.askCore(guard.revision));
  } catch (thrown) {
    log.warn({ reason: reasonOf(thrown) }, 'core does not answer');
    return 'unreachable';
  }
}

/** Neither is a reason to leave the old network away. */
async function attempt({ log }: EngineParts, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    log.error({ what, reason: reasonOf(thrown) }, 'the rollback goes on without it');
  }
}

function describe(journal: Journal): string {
  return journal.reports.map((report) => report.text).join(' ');
}
