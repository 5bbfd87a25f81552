import { type Clock, type Logger, toDisposable } from '@gemel/core/sdk';
import { maintenanceOff } from '../pacemaker/changes.js';
import type { GiveUpParts } from './give-up.js';

/** After a loss of power Pacemaker takes a minute to come up. */
const againMs = 5_000;

export interface TakeBackParts extends Pick<GiveUpParts, 'pacemaker' | 'copies' | 'note' | 'clusterLog'> {
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * What a core that died left of giving this node's data up: the copy is ended, the node leaves the maintenance that it was put into for
 * that, and both sides are parted as before. Goes on by itself until that is done or the result is disposed of.
 */
export function takeBackGivingUp(parts: TakeBackParts, local: string): Disposable {
  const ended = new AbortController();
  const work = async (): Promise<void> => {
    const copy = await parts.note.read();
    if (copy === undefined) return;
    parts.log.warn({ copy }, 'the resolution of a split brain was interrupted and is taken back');
    while (!(await takeBackOnce(parts, local, copy))) await parts.clock.sleep(againMs, ended.signal);
  };
  work().catch((failure: unknown) => {
    if (!ended.signal.aborted) parts.log.error({ err: failure }, 'a resolution of a split brain was not taken back');
  });
  return toDisposable(() => ended.abort());
}

/** @returns false while Pacemaker or the medium refuses. */
async function takeBackOnce(parts: TakeBackParts, local: string, copy: string): Promise<boolean> {
  const { pacemaker, copies, note, clusterLog, log } = parts;
  try {
    await copies.stop(copy);
    await pacemaker.apply(maintenanceOff(local));
    await note.remove();
  } catch (failure) {
    log.info({ err: failure }, 'tried again in a moment: taking a resolution of a split brain back');
    return false;
  }
  await clusterLog.add({
    kind: 'data',
    severity: 'warning',
    text: `Core was restarted while ${local} gave its data up. That was taken back: both sides are as they were. Decide again: gemel cluster split-brain show`,
  });
  return true;
}
