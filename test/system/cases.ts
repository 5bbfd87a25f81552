/** What the cases of a system test share: each starts from the same snapshot, and one that fails stops none of the others. */
import type { ApplianceInLab } from '../accept/appliance-in-lab.ts';

/** Prints `ok:` or `NOT OK:` and counts. */
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

/** Runs the cases one after the other, each from the snapshot. What a case throws counts as a failure of it. */
export async function runCases(appliance: ApplianceInLab, snapshot: string, cases: readonly Case[]): Promise<Tally> {
  let passed = 0;
  let failed = 0;
  const check: Check = (holds, what) => {
    if (holds) passed++;
    else failed++;
    console.log(`${holds ? 'ok' : 'NOT OK'}: ${what}`);
  };
  for (const { title, run } of cases) {
    const began = performance.now();
    console.log(`# ${title}`);
    try {
      await appliance.lab.restore(snapshot);
      await run(appliance, check);
    } catch (thrown) {
      check(false, `${title}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
    console.log(`# took ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  }
  return { passed, failed };
}
