import { defineAction } from '@gemel/core/sdk';
import { z } from 'zod';

/** Long enough that its progress can be watched, short enough to wait for. */
const perVerseMs = 1_000;

const said = z.object({ text: z.string().describe('What was said.') });

/** @param {z.output<typeof said>} output @returns {import('@gemel/core/sdk').View} */
const presentSaid = ({ text }) => ({ kind: 'text', text });

/** `gemel hello greet`: answers at once. @param {(name: string) => string} greet */
export function greetAction(greet) {
  return defineAction({
    kind: 'call',
    id: 'hello.greet',
    summary: 'Greet somebody.',
    role: 'viewer',
    audited: false,
    input: z.strictObject({ name: z.string().min(1).max(64).describe('Who is greeted.') }),
    output: said,
    positionals: ['name'],
    present: presentSaid,
    run: async ({ name }) => ({ text: greet(name) }),
  });
}

/** `gemel hello recite`: takes time, so it is a job. @param {import('@gemel/core/sdk').Clock} clock */
export function reciteAction(clock) {
  return defineAction({
    kind: 'job',
    id: 'hello.recite',
    summary: 'Recite a poem, one verse a second.',
    role: 'operator',
    input: z.strictObject({ verses: z.int().min(1).max(60).default(3).describe('How many verses.') }),
    output: said,
    present: presentSaid,
    async run({ verses }, job) {
      for (let verse = 1; verse <= verses; verse += 1) {
        await clock.sleep(perVerseMs, job.signal);
        job.log(`Verse ${verse}: hello, hello.`);
        job.progress(verse / verses, `verse ${verse} of ${verses}`);
      }
      return { text: `${verses} verses were recited.` };
    },
  });
}
