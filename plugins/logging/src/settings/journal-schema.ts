import { z } from 'zod';

export const journalSchema = z.strictObject({
  maxMegabytes: z
    .int()
    .min(32)
    .max(1_048_576)
    .default(1_024)
    .describe('Most that the log may take of the data volume; the oldest entries go first.'),
  keepFreeMegabytes: z
    .int()
    .min(64)
    .max(1_048_576)
    .default(512)
    .describe('Space of the data volume that the log leaves free, also when it is smaller than it may be.'),
  retentionDays: z
    .int()
    .min(0)
    .max(3_650)
    .default(0)
    .describe('Entries older than this are removed; 0 keeps them as long as there is space.'),
  messagesPer30Seconds: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(0)
    .describe('Most entries of one service in 30 s, of which journald drops the rest; 0 drops none.'),
  syncSeconds: z
    .int()
    .min(1)
    .max(3_600)
    .default(30)
    .describe('Longest time until an entry is safe from power loss; entries of severity crit and worse are at once.'),
});
export type JournalSettings = z.output<typeof journalSchema>;
