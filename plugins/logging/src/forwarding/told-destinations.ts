import type { FileStore } from '@gemel/core/sdk';
import { z } from 'zod';
import type { DestinationStatus } from './forwarding-status.js';

const toldSchema = z.lazy(() => z.array(z.object({ name: z.string(), failing: z.boolean(), dropped: z.number() })));

/** What was told of a destination last. */
export interface Told {
  readonly name: string;
  readonly failing: boolean;
  /** Since rsyslogd was started. */
  readonly dropped: number;
}

/** On disk, so that a restart of core tells nothing a second time, and what happened meanwhile. */
export class ToldDestinations {
  #kept: Promise<readonly Told[]> | undefined;

  constructor(
    readonly files: FileStore,
    readonly path: string,
  ) {}

  all(): Promise<readonly Told[]> {
    return (this.#kept ??= this.#read());
  }

  async keep(told: readonly Told[]): Promise<void> {
    const text = JSON.stringify(told);
    if (text === JSON.stringify(await this.all())) return;
    this.#kept = Promise.resolve(told);
    await this.files.write(this.path, `${text}\n`);
  }

  async #read(): Promise<readonly Told[]> {
    try {
      return toldSchema.parse(JSON.parse((await this.files.read(this.path)) ?? '[]'));
    } catch {
      return []; // torn: everything counts as new once more
    }
  }
}

interface Findings {
  readonly failed: boolean;
  readonly recovered: boolean;
  /** How many since this was last told. */
  readonly dropped: number;
  /** What is told with this. */
  readonly told: Told;
}

/** What is to be told of a destination; counters begin anew with rsyslogd. Pure. */
export function compare(before: Told | undefined, now: DestinationStatus): Findings {
  const { name, countedAt } = now;
  const wasFailing = before?.failing ?? false;
  const failing = isFailing(now) ?? wasFailing;
  const known = before?.dropped ?? 0;
  // not counted (yet), it is no zero
  const dropped = countedAt === null ? known : now.dropped;
  return {
    failed: failing && !wasFailing,
    recovered: wasFailing && now.state === 'sending',
    dropped: dropped < known ? dropped : dropped - known,
    told: { name, failing, dropped },
  };
}

/** Undefined where this look does not know. */
function isFailing({ state }: DestinationStatus): boolean | undefined {
  switch (state) {
    case 'waiting':
    case 'stopped':
      return true;
    case 'sending':
    case 'off':
      return false;
    case 'starting':
      return undefined;
  }
}
