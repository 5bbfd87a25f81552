/** What the cases of a system test share: each starts from the same snapshot, and one that fails stops none of the others. */
import type { ApplianceInLab } from '../accept/appliance-in-lab.ts';

/** Notes `ok:` or `NOT OK:` and counts. */
export type Check = (holds: boolean, what: string) => void;

export interface Case {
  readonly title: string;
  /** The appliance is as in the snapshot. */
  run(appliance: ApplianceInLab, check: Check): Promise<void>;
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** Runs cases from the queue until it is empty, each from the snapshot. What a case throws counts as a failure of it. */
export async function runCases(appliance: ApplianceInLab, snapshot: string, queue: Case[]): Promise<Tally> {
  let passed = 0;
  let failed = 0;
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const began = performance.now();
    const lines = [`# ${next.title}`];
    const check: Check = (holds, what) => {
      if (holds) passed++;
      else failed++;
      lines.push(`${holds ? 'ok' : 'NOT OK'}: ${what}`);
    };
    try {
      await appliance.lab.restore(snapshot);
      await next.run(appliance, check);
    } catch (thrown) {
      check(false, `${next.title}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
    lines.push(`# took ${((performance.now() - began) / 1_000).toFixed(0)} s`);
    // at once, since another lab's cases run beside
    console.log(lines.join('\n'));
  }
  return { passed, failed };
}
