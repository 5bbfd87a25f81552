import { type Logger, type Report, toDisposable } from '@gemel/core/sdk';
import type { FirmwareWarningsService } from '../contract.js';

type Concerns = Parameters<FirmwareWarningsService['warnAbout']>[0];

/** What plugins say about a firmware before it is installed. A plugin that fails at that keeps no bundle from being looked at. */
export class FirmwareWarnings implements FirmwareWarningsService {
  readonly #concerns = new Set<Concerns>();

  constructor(readonly log: Logger) {}

  warnAbout(concerns: Concerns): Disposable {
    this.#concerns.add(concerns);
    return toDisposable(() => this.#concerns.delete(concerns));
  }

  async about(version: string): Promise<readonly Report[]> {
    const said = await Promise.all(
      [...this.#concerns].map((concerns) =>
        concerns(version).catch((failure: unknown) => {
          this.log.warn({ failure }, `what version ${version} would change could not be found out`);
          return [];
        }),
      ),
    );
    return said.flat();
  }
}
