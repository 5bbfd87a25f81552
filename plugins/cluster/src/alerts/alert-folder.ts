import { type Clock, type FileStore, type Logger, toDisposable } from '@gemel/core/sdk';
import { type Alert, parseAlert } from './alert.js';

export const alertFolder = '/run/gemel/cluster-alerts';

/** Longer than the agent needs to write a file; what is not complete by then never will be. */
const completeAfterMs = 1_000;

/**
 * Reads what Pacemaker's alert agent left, in the order of time, and removes it. What was written while core was away is
 * read at the start.
 */
export function watchAlerts(
  parts: { readonly files: FileStore; readonly clock: Clock; readonly log: Logger },
  listener: (alerts: readonly Alert[]) => void,
): Disposable {
  const { files, clock, log } = parts;
  const waiting = new Map<string, number>();
  let reading = false;
  let again = false;
  let ended = false;
  let later: Disposable | undefined;

  const takeAll = async () => {
    const alerts: Alert[] = [];
    for (const name of await files.list(alertFolder)) {
      const path = `${alertFolder}/${name}`;
      const text = await files.read(path);
      if (text === undefined) continue;
      if (!text.endsWith('end\n') && !isOverdue(name)) continue;
      const alert = parseAlert(text);
      if (alert !== undefined) alerts.push(alert);
      waiting.delete(name);
      await files.remove(path);
    }
    if (waiting.size > 0) {
      later?.[Symbol.dispose]();
      later = clock.after(completeAfterMs, read);
    }
    if (alerts.length > 0 && !ended) listener(alerts.toSorted((one, other) => one.at - other.at));
  };
  const isOverdue = (name: string) => {
    const since = waiting.get(name) ?? clock.monotonic();
    waiting.set(name, since);
    return clock.monotonic() - since >= completeAfterMs;
  };
  const read = () => {
    if (ended) return;
    again = reading;
    if (reading) return;
    reading = true;
    void takeAll()
      .catch((failure: unknown) => log.warn({ failure: String(failure) }, "could not read Pacemaker's alerts"))
      .finally(() => {
        reading = false;
        if (again) read();
      });
  };
  const watch = files.watch(alertFolder, read);
  read();
  return toDisposable(() => {
    ended = true;
    later?.[Symbol.dispose]();
    watch[Symbol.dispose]();
  });
}
