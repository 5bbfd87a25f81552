import { undoConfiguration } from './configuration-change.js';
import { finishConnection, undoPair } from './connection.js';
import { undoCreate } from './creation.js';
import { finishDisconnect, undoDisconnect } from './leaving.js';
import type { Joining } from './joining.js';
import { keepTrying } from './keep-trying.js';
import type { FormationParts } from './parts.js';

/** Finishes or takes back what a crash of core interrupted. */
export async function recover(parts: FormationParts, joining: Joining): Promise<void> {
  const { context, membership, journal } = parts;
  const { kind, planned } = journal.open ?? {};
  const isDone =
    planned !== undefined &&
    membership.current.createdAt === planned.createdAt &&
    membership.current.phase === planned.phase;
  context.log.warn({ kind, isDone }, 'a change of the cluster was interrupted');
  const orLater = (end: typeof undoConfiguration) =>
    end(parts).catch((problem: unknown) => keepTrying(parts, problem, end));
  try {
    if (kind === 'join') await joining.settle();
    else if (kind === 'configure') await orLater(undoConfiguration);
    else if (kind === 'disconnect' && !isDone) await orLater(undoDisconnect);
    else if (kind === 'disconnect') await finishDisconnect(parts);
    else if (isDone && kind === 'connect') await orLater(finishConnection);
    else if (isDone) await journal.end();
    else if (kind === 'create') await undoCreate(parts);
    else await undoPair(parts);
  } catch (failure) {
    context.log.error({ failure: String(failure) }, 'an interrupted change of the cluster could not be settled');
  }
}
