import type { Clock } from '../sdk/index.js';

/** Often enough to see in a log that it goes on; each line costs as much as hundreds of deliveries. */
const everyMs = 10_000;
/** Subjects that are remembered; a plugin can make as many as it likes. */
const mostSubjects = 1_000;

/** Lets something be said the first time and then now and again, with how often it was left out. */
export class Seldom {
  readonly #subjects = new Map<string, { saidAt: number; leftOut: number }>();

  constructor(readonly clock: Clock) {}

  say(subject: string, say: (leftOut: number) => void): void {
    const now = this.clock.monotonic();
    const known = this.#subjects.get(subject);
    if (known !== undefined && now - known.saidAt < everyMs) {
      known.leftOut += 1;
      return;
    }
    if (known === undefined && this.#subjects.size >= mostSubjects) this.#subjects.clear();
    this.#subjects.set(subject, { saidAt: now, leftOut: 0 });
    say(known?.leftOut ?? 0);
  }
}
