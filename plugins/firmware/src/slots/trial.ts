import type { FileStore } from '@gemel/core/sdk';
import { z } from 'zod';
import { paths } from '../paths.js';
import { slotNames } from './boot-choice.js';

/** Made when something is first read: a start of core has no use for it. */
export const trialSchema = z.lazy(() =>
  z.object({
    slot: z.enum(slotNames).describe('The slot that is tried at the next start, or now.'),
    version: z.string().describe('Its version; empty when it is not known.'),
    replaces: z.string().describe('Version that ran when it was installed.'),
    by: z.string().describe('Who asked for it.'),
    at: z.number().describe('When it was installed or chosen; wall clock, milliseconds since 1970.'),
    unhealthyBefore: z
      .array(z.string())
      .describe('Checks that were not healthy already; its gate does not count them.'),
  }),
);
export type Trial = z.output<typeof trialSchema>;

export const outcomeKinds = ['installed', 'chosen', 'good', 'fell-back'] as const;

export const entrySchema = z.lazy(() =>
  z.object({
    kind: z.enum(outcomeKinds).describe('What happened. `chosen`: rolled back by hand to what was in the slot.'),
    at: z.number().describe('Wall clock, milliseconds since 1970.'),
    slot: z.enum(slotNames).describe('Which slot.'),
    version: z.string().describe('Its version; empty when it is not known.'),
    by: z.string().describe('Who asked, or `gate`.'),
    reason: z.string().describe('Why it was given up; empty otherwise.'),
  }),
);
export type HistoryEntry = z.output<typeof entrySchema>;

/** So many are remembered; the oldest go first. */
const keptEntries = 50;

/** What was installed and how it ended; on the data volume, so both slots see it. */
export class FirmwareRecords {
  constructor(readonly files: FileStore) {}

  /** Undefined when nothing waits to be judged. A damaged record counts as none. */
  async trial(): Promise<Trial | undefined> {
    const text = await this.files.read(paths.trial);
    return text === undefined ? undefined : parsed(trialSchema, text);
  }

  async begin(trial: Trial): Promise<void> {
    await this.files.write(paths.trial, `${JSON.stringify(trial)}\n`, { mode: 0o600 });
  }

  async end(): Promise<void> {
    await this.files.remove(paths.trial);
  }

  /** Newest first. */
  async history(): Promise<readonly HistoryEntry[]> {
    const text = await this.files.read(paths.history);
    return (text === undefined ? undefined : parsed(z.array(entrySchema), text)) ?? [];
  }

  async add(entry: HistoryEntry): Promise<void> {
    const entries = [entry, ...(await this.history())].slice(0, keptEntries);
    await this.files.write(paths.history, `${JSON.stringify(entries)}\n`, { mode: 0o600 });
  }
}

function parsed<Value>(schema: z.ZodType<Value>, text: string): Value | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined; // it only tells what was; the boot loader and RAUC know what is
  }
}
