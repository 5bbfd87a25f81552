/** What a fake world does to the code under test is counted here, over files, units, commands and D-Bus together. */

export type StepKind = 'file' | 'unit' | 'command' | 'dbus';

export interface Step {
  readonly kind: StepKind;
  /** `write /run/gemel/x`, `start chrony.service`, `run networkctl reload`, `call org.freedesktop.timedate1 SetTimezone`. */
  readonly what: string;
}

/** Thrown by everything after the crash: nothing that runs then can change the world. */
export class SimulatedCrash extends Error {
  override readonly name = 'SimulatedCrash';
}

interface PlannedFault {
  readonly at: number;
  readonly kind: 'fail' | 'crash' | 'tear';
  readonly error: Error | undefined;
}

/**
 * Counts steps from 1 and injects one fault. A loop over 1 to the number of steps of a clean run therefore visits every
 * point at which the real world could fail.
 */
export class FaultPlan {
  readonly steps: Step[] = [];
  #fault: PlannedFault | undefined;
  #crashed = false;

  get crashed(): boolean {
    return this.#crashed;
  }

  /** The step's journal as plain lines. */
  get journal(): readonly string[] {
    return this.steps.map((step) => step.what);
  }

  /** Step number `at` fails with `error`, or with the error that is usual for its kind; later ones work again. */
  failAt(at: number, error?: Error): void {
    this.#fault = { at, kind: 'fail', error };
  }

  /** The process is gone just before step number `at` takes effect. */
  crashAt(at: number): void {
    this.#fault = { at, kind: 'crash', error: undefined };
  }

  /** The process is gone now. */
  crash(): void {
    this.#crashed = true;
  }

  /** As `crashAt`, but a step that is not atomic (appending a line) is left half done. */
  tearAt(at: number): void {
    this.#fault = { at, kind: 'tear', error: undefined };
  }

  /** No fault planned and a journal from 1 again; a crash stays. */
  clear(): void {
    this.#fault = undefined;
    this.steps.length = 0;
  }

  assertAlive(): void {
    if (this.#crashed) throw new SimulatedCrash('the process is gone');
  }

  /**
   * Called by a fake before a step takes effect.
   * @param usual Makes the error of a plain failure.
   * @param tear Does the first half of a step that is not atomic.
   */
  step(kind: StepKind, what: string, usual: () => Error, tear?: () => void): void {
    this.assertAlive();
    this.steps.push({ kind, what });
    const fault = this.#fault;
    if (fault === undefined || fault.at !== this.steps.length) return;
    if (fault.kind === 'fail') throw fault.error ?? usual();
    if (fault.kind === 'tear') tear?.();
    this.#crashed = true;
    throw new SimulatedCrash(`crashed before: ${what}`);
  }
}
