import { ApplianceError, asApplianceError } from '@gemel/core/sdk';

export type GiveUpWork = (signal: AbortSignal, say: (step: string) => void) => Promise<string>;

export interface GiveUpProgress {
  readonly step: string;
  /** Id of the copy, when all is done. */
  readonly copy: string | undefined;
}

interface Begun {
  readonly ended: AbortController;
  step: string;
  copy: string | undefined;
  failure: ApplianceError | undefined;
}

/**
 * What this node gives up because the other one asked for it. A copy takes as long as it takes, longer than any request may: it is begun
 * with one request and looked after with others.
 */
export class GivingUp implements Disposable {
  #begun: Begun | undefined;

  /** @throws ApplianceError `conflict` while an earlier one is under way. */
  begin(work: GiveUpWork): void {
    const before = this.#begun;
    if (before !== undefined && before.copy === undefined && before.failure === undefined) {
      throw new ApplianceError('conflict', 'The other node is giving its data up already. See: gemel cluster status');
    }
    const begun: Begun = { ended: new AbortController(), step: '', copy: undefined, failure: undefined };
    this.#begun = begun;
    void follow(work, begun);
  }

  /** @throws ApplianceError as the work did; `cancelled` when there is none, since core was restarted. */
  look(): GiveUpProgress {
    const begun = this.#begun;
    if (begun === undefined) {
      throw new ApplianceError(
        'cancelled',
        'Core of the other node was restarted meanwhile, and takes back what it had begun. Decide again: gemel cluster split-brain show',
      );
    }
    if (begun.failure !== undefined) throw begun.failure;
    return { step: begun.step, copy: begun.copy };
  }

  /** Both sides stay as they were, unless the copy is whole already. */
  cancel(): void {
    this.#begun?.ended.abort();
  }

  [Symbol.dispose](): void {
    this.cancel();
  }
}

/** Never throws: what went wrong is told to who looks. */
async function follow(work: GiveUpWork, begun: Begun): Promise<void> {
  try {
    begun.copy = await work(begun.ended.signal, (step) => {
      begun.step = step;
    });
  } catch (failure) {
    begun.failure = asApplianceError(failure);
  }
}
