/** One at a time, in the order of asking. */
export class Exclusive {
  #last: Promise<unknown> = Promise.resolve();

  /** @param admit Asked at once; what it throws keeps the work out of the queue. */
  async run<Result>(work: () => Promise<Result>, admit?: () => void): Promise<Result> {
    admit?.();
    const result = this.#last.then(work);
    // A failure belongs to its own caller; the next one in the queue starts all the same.
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when everything asked for so far has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
