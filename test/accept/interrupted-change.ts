/** A change of bond0's address that something cuts into: at a random moment of a random step, so that every step has its share. */
import { changeAddress } from './address-change.ts';
import type { ApplianceInLab } from './appliance-in-lab.ts';

const steps = ['editing', 'activating', 'confirming', 'afterwards'] as const;
/** After the confirmation records are still tidied. */
const afterwardsSeconds = 2;

export interface Moment {
  readonly point: number;
  readonly step: number;
  /** 0 to 1 of the step's usual length. */
  readonly fraction: number;
}

export interface Interrupted {
  /** `confirming + 0.31 s` */
  readonly when: string;
  /** The last step that was acknowledged to the operator. */
  readonly acknowledged: string;
}

/** Every step equally often, in random order. */
export function randomMoments(points: number, random: () => number): Moment[] {
  const offset = Math.floor(random() * steps.length);
  return Array.from({ length: points }, (_, index) => ({
    point: index + 1,
    step: (index + offset) % steps.length,
    fraction: random(),
  }));
}

/** How long each step takes when nothing disturbs it, seconds. */
export async function stepLengths(appliance: ApplianceInLab): Promise<readonly number[]> {
  const lengths: number[] = [];
  let began = performance.now();
  await changeAddress(appliance, () => {
    lengths.push((performance.now() - began) / 1_000);
    began = performance.now();
  });
  return [...lengths, afterwardsSeconds];
}

/** Makes the change and interrupts it at the moment. */
export async function interruptChange(
  appliance: ApplianceInLab,
  moment: Moment,
  lengths: readonly number[],
  interrupt: () => Promise<unknown>,
): Promise<Interrupted> {
  const delay = moment.fraction * (lengths[moment.step] ?? 0);
  let acknowledged = 'nothing';
  let cut: Promise<string> | undefined;
  const reach = (step: number) => {
    if (step === moment.step) cut = cutAfter(delay);
  };
  const cutAfter = async (seconds: number) => {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const told = acknowledged;
    await interrupt();
    return told;
  };
  let step = 0;
  reach(step);
  const change = changeAddress(appliance, (done) => {
    acknowledged = done;
    reach(++step);
  });
  await change.catch(() => undefined); // the interruption fails a step
  if (cut === undefined) throw new Error(`the change failed before ${steps[moment.step]}`);
  return { when: `${steps[moment.step]} + ${delay.toFixed(2)} s`, acknowledged: await cut };
}
