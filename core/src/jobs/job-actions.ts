import { z } from 'zod';
import { type AnyAction, ApplianceError, defineAction, type Job, type Tone, type View } from '../sdk/index.js';
import type { JobRegistry } from './job-registry.js';
import { jobSchema } from './stored-job.js';

const tones: Record<Job['state'], Tone> = {
  running: 'pending',
  succeeded: 'ok',
  failed: 'bad',
  cancelled: 'warn',
  interrupted: 'warn',
};

const byId = z.object({ id: z.string().describe('Number of the job, as in: gemel jobs list') });

function percent(job: Job): string {
  return job.fraction === null ? '-' : `${Math.floor(job.fraction * 100)} %`;
}

function presentJob(job: Job): View {
  return {
    kind: 'group',
    views: [
      {
        kind: 'fields',
        fields: [
          ['Job', job.id],
          ['Action', job.action],
          ['Started by', job.caller],
          ['Started', new Date(job.startedAt).toISOString()],
          ['Ended', job.endedAt === null ? '-' : new Date(job.endedAt).toISOString()],
          ['State', { text: job.state, tone: tones[job.state] }],
          ['Progress', percent(job)],
          ['Message', job.message],
        ],
      },
      { kind: 'raw', text: job.log.map((line) => `${line}\n`).join('') },
    ],
  };
}

/** `gemel jobs …`. @param find The action that ran as a job, which shows its output; undefined when it is gone. */
export function jobActions(
  jobs: JobRegistry,
  find: (action: string) => Promise<AnyAction | undefined>,
): readonly AnyAction[] {
  const found = new Map<string, AnyAction>();
  return [
    defineAction({
      kind: 'call',
      id: 'jobs.list',
      summary: 'List running and ended jobs, newest first.',
      role: 'viewer',
      audited: false,
      input: z.object({}),
      output: z.object({ jobs: z.array(jobSchema) }),
      present: (output): View => ({
        kind: 'table',
        columns: ['Job', 'Action', 'State', 'Progress', 'Started by', 'Message'],
        rows: output.jobs.map((job) => [
          job.id,
          job.action,
          { text: job.state, tone: tones[job.state] },
          percent(job),
          job.caller,
          job.message,
        ]),
        empty: 'No jobs.',
      }),
      run: async () => ({ jobs: [...jobs.list()] }),
    }),
    defineAction({
      kind: 'call',
      id: 'jobs.show',
      summary: 'Show a job with its log.',
      role: 'viewer',
      audited: false,
      input: byId,
      output: jobSchema,
      positionals: ['id'],
      present: presentJob,
      run: async ({ id }) => jobs.get(id),
    }),
    defineAction({
      kind: 'call',
      id: 'jobs.result',
      summary: 'Show what a job gave that succeeded.',
      role: 'viewer',
      audited: false,
      input: byId,
      output: z.object({ action: z.string(), output: z.unknown() }),
      positionals: ['id'],
      present: ({ action, output }): View =>
        found.get(action)?.present(output) ?? { kind: 'raw', text: `${JSON.stringify(output, undefined, 2)}\n` },
      run: async ({ id }) => {
        const { action, state, output = null } = jobs.get(id);
        const definition = await find(action);
        if (definition === undefined) found.delete(action);
        else found.set(action, definition);
        if (state === 'succeeded') return { action, output };
        throw new ApplianceError('conflict', `Job ${id} is ${state} and gave nothing. See: gemel jobs show ${id}.`);
      },
    }),
    defineAction({
      kind: 'call',
      id: 'jobs.cancel',
      summary: 'Ask a running job to stop and wait until it has.',
      role: 'operator',
      input: byId,
      output: jobSchema,
      positionals: ['id'],
      present: presentJob,
      run: async ({ id }) => jobs.cancel(id),
    }),
  ];
}
