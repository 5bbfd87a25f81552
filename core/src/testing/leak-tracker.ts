import { setImmediate } from 'node:timers/promises';

/** Kinds of live resources that say nothing about the code under test: the pipes to the test runner and promises' own. */
const ignored = new Set(['PipeWrap', 'TTYWrap', 'MessagePort', 'Immediate', 'CloseReq', 'SignalWrap', 'FSReqPromise']);

/**
 * Counts what keeps a process busy (timers, sockets, processes, watches) around a piece of a test.
 * `using` style: call it first, then await `expectNone` when everything under test has been ended.
 */
export class LeakTracker {
  readonly #before = count();

  /** @throws Error that names every kind of resource of which more is alive than at the start. */
  async expectNone(): Promise<void> {
    let left = this.#left();
    // Sockets and processes need some turns of the loop to close after they were ended.
    for (let turn = 0; turn < 50 && left.length > 0; turn++) {
      await setImmediate();
      left = this.#left();
    }
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  }

  #left(): readonly string[] {
    return [...count()]
      .map(([kind, number]) => [kind, number - (this.#before.get(kind) ?? 0)] as const)
      .filter(([, number]) => number > 0)
      .map(([kind, number]) => `${number} ${kind}`);
  }
}

export function trackLeaks(): LeakTracker {
  return new LeakTracker();
}

function count(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!ignored.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
