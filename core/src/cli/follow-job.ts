import type { CoreClient } from '../ipc/core-client.js';
import { ApplianceError } from '../sdk/errors.js';
import type { Job } from '../sdk/jobs.js';
import { percent, ProgressBar } from './progress-bar.js';
import { mark, paint, type Style } from './style.js';
import type { Terminal } from './terminal.js';
import { printable } from './text-width.js';

/** How often a job is looked at: often enough for a bar that moves, seldom enough to cost nothing. */
const everyMs = 200;
/** A core that restarts, as in an update, is back before this. */
const patienceMs = 60_000;

export interface JobFollower {
  readonly terminal: Terminal;
  readonly style: Style;
  /** Machine output is wanted: nothing but the final result may be printed. */
  readonly json: boolean;
  connect(): Promise<CoreClient>;
  sleep(ms: number): Promise<void>;
}

/** Ctrl-C was pressed; the job goes on. */
export class LeftRunning extends Error {}

/**
 * Shows a job until it ends, over restarts of core.
 * @throws ApplianceError with the job's own failure; LeftRunning on Ctrl-C.
 */
export async function followJob(client: CoreClient, started: Job, follower: JobFollower): Promise<Job> {
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  interrupted.catch(() => undefined); // it may come when nobody waits any more
  using _stop = follower.terminal.onInterrupt(() => reject(new LeftRunning(howToFind(started.id))));
  const progress = new Progress(follower);
  try {
    const ended = await Promise.race([untilEnded(client, started, follower, progress), interrupted]);
    progress.end();
    return endOf(ended, follower);
  } finally {
    progress.end();
  }
}

export function howToFind(id: string): string {
  return `Job ${id} goes on. See it: gemel jobs show ${id}. Stop it: gemel jobs cancel ${id}.`;
}

async function untilEnded(first: CoreClient, started: Job, follower: JobFollower, progress: Progress): Promise<Job> {
  let client = first;
  let job = started;
  let silentMs = 0;
  for (;;) {
    progress.show(job);
    if (job.state !== 'running') return job;
    await follower.sleep(everyMs);
    if (progress.ended) return job; // nobody waits for it any more
    try {
      const { output } = await client.invoke('jobs.show', { id: job.id });
      job = output as Job; // the output of jobs.show is a Job
      silentMs = 0;
    } catch (failure) {
      if (progress.ended) return job;
      silentMs += everyMs;
      if (!(failure instanceof ApplianceError) || failure.code !== 'unavailable' || silentMs > patienceMs)
        throw failure;
      client = await follower.connect().catch(() => client);
    }
  }
}

/** @throws ApplianceError for every end but success. */
function endOf(job: Job, { terminal, style, json }: JobFollower): Job {
  if (job.state === 'succeeded') {
    if (!json) terminal.note(`${paint(mark('ok', style), 'ok', style)}${printable(job.message)} (job ${job.id})\n`);
    return job;
  }
  const { code, message, reports } = job.error ?? { code: 'internal', message: job.message, reports: [] };
  if (job.state === 'cancelled') throw new ApplianceError('cancelled', `Job ${job.id} was cancelled.`, { reports });
  // the codes of a job's error are those of ApplianceError, kept as text on disk
  throw new ApplianceError(code as ApplianceError['code'], message, { reports });
}

/** A bar on a terminal, a line per new message elsewhere. The job's log is printed once, as it grows. */
class Progress {
  readonly #follower: JobFollower;
  #printed = 0;
  #told = '';
  readonly #bar: ProgressBar;
  #ended = false;

  constructor(follower: JobFollower) {
    this.#follower = follower;
    this.#bar = new ProgressBar(follower.terminal, follower.style);
  }

  show(job: Job): void {
    const { terminal, json } = this.#follower;
    if (json) return;
    const news = job.log.slice(this.#printed);
    this.#printed = job.log.length;
    if (news.length > 0) this.#bar.clear();
    for (const line of news) terminal.note(`${printable(line)}\n`);
    if (job.state !== 'running') return;
    if (terminal.notesOnTerminal) this.#bar.draw(job.fraction, job.message);
    else if (job.message !== this.#told) terminal.note(`${percent(job.fraction)}${printable(job.message)}\n`);
    this.#told = job.message;
  }

  get ended(): boolean {
    return this.#ended;
  }

  end(): void {
    this.#bar.clear();
    this.#ended = true;
  }
}
