import { toDisposable } from '@gemel/core/sdk';
import type { FormationParts } from './parts.js';

/** Core of the other node that was killed is back within seconds; a node that starts needs a minute. */
const againMs = 5_000;

/**
 * Finishes, or takes back, the change that is open now: until it has ended, by this or because the other node was replaced or this one disbanded.
 * @param problem What stood against it first. @param end May be done again.
 */
export function keepTrying(
  parts: FormationParts,
  problem: unknown,
  end: (parts: FormationParts) => Promise<void>,
): void {
  const { context, journal } = parts;
  const { open } = journal;
  if (open === undefined) return;
  context.log.warn({ problem: String(problem), kind: open.kind }, 'a change of the cluster cannot be ended yet');
  const ending = new AbortController();
  context.own(toDisposable(() => ending.abort()));
  const isOpen = () => journal.open?.startedAt === open.startedAt;
  const tryAgain = async () => {
    while (isOpen()) {
      await context.system.clock.sleep(againMs, ending.signal);
      if (!isOpen()) return;
      await end(parts).catch((failure: unknown) => {
        context.log.debug({ failure: String(failure) }, 'a change of the cluster cannot be ended yet');
      });
    }
  };
  tryAgain().catch((failure: unknown) => {
    if (ending.signal.aborted) return;
    context.log.error({ failure: String(failure) }, 'a change was not ended; restart gemel-core.service');
  });
}
