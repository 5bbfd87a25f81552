/** Counts what was tried. The last line, `N passed, N failed`, is what test/run.ts adds up. */
export class Checks {
  #passed = 0;
  #failed = 0;

  /** Passes when `run` ends without throwing. */
  async check(title: string, run: () => unknown): Promise<void> {
    try {
      await run();
      this.#passed += 1;
      console.log(`ok      ${title}`);
    } catch (failure) {
      this.#failed += 1;
      console.log(`not ok  ${title}`);
      console.log(String(failure instanceof Error ? failure.stack : failure).replace(/^/gm, '          '));
    }
  }

  /** Adds what another process counted in the same way. */
  add(output: string): void {
    const counts = /^(\d+) passed, (\d+) failed$/m.exec(output);
    this.#passed += Number(counts?.[1] ?? 0);
    this.#failed += Number(counts?.[2] ?? 1);
  }

  finish(): void {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    process.exitCode = this.#failed > 0 ? 1 : 0;
  }
}
