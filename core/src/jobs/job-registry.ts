import type { AuditTrail } from '../actions/action-registry.js';
import { OwnerEndedError } from '../actions/owner-work.js';
import { waitAtMost } from '../actions/wait-at-most.js';
import type { EventBus } from '../bus/event-bus.js';
import { jobEnded, jobProgressed, jobStarted } from '../kernel/core-events.js';
import {
  ApplianceError,
  asApplianceError,
  type Caller,
  type Clock,
  type FileStore,
  type Job,
  type JobAction,
  type JobCall,
  type JobState,
  type Logger,
} from '../sdk/index.js';
import { parseStoredJob, type StoredJob } from './stored-job.js';

/** Ended jobs are kept this many at most; the oldest go first. */
const keptJobs = 100;
/** Lines of log kept per job; the oldest go first. */
const keptLogLines = 1_000;
/** Progress is told at most this often, so that a busy job does not flood the bus. */
const progressEveryMs = 100;

/** A job that does not heed its signal is not waited for any longer when core ends. */
const endLimitMs = 5_000;

export interface JobRegistryParts {
  readonly files: FileStore;
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly log: Logger;
  readonly audit: Pick<AuditTrail, 'end'>;
  /** `/var/lib/gemel/jobs` */
  readonly folder: string;
}

/** What a job has of its request. */
export interface JobBelongings {
  /** Removed when it has ended. */
  readonly folders?: readonly string[];
  /** Of the audit log: says how it went when it has ended, also after a restart of core. */
  readonly record?: string | undefined;
}

interface Running {
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/**
 * Actions that take time.
 *
 * INVARIANT: a job that was acknowledged is on disk, so that it is found again after a restart of core: resumed by its
 * action when that can, else ended as `interrupted`.
 */
export class JobRegistry implements AsyncDisposable {
  readonly #jobs = new Map<string, StoredJob>();
  readonly #running = new Map<string, Running>();
  #nextNumber = 1;

  constructor(readonly parts: JobRegistryParts) {}

  /** Reads what an earlier run of core left. Damaged files are set aside; none of them stops a start. */
  async load(): Promise<void> {
    const { files, folder, log } = this.parts;
    for (const name of await files.list(folder)) {
      // also of a record that cannot be read: its number is not given to another job
      const number = Number(/^(\d+)\.json/.exec(name)?.[1] ?? 0);
      this.#nextNumber = Math.max(this.#nextNumber, number + 1);
      if (!name.endsWith('.json')) continue;
      try {
        const stored = parseStoredJob(await files.read(`${folder}/${name}`));
        if (stored !== undefined) {
          this.#jobs.set(stored.job.id, stored);
          continue;
        }
        log.error({ file: name }, 'damaged job record set aside');
        await files.rename(`${folder}/${name}`, `${folder}/${name}.damaged`);
      } catch (failure) {
        log.error({ file: name, err: failure }, 'job record left alone: it can be neither read nor set aside');
      }
    }
  }

  /** Resumes or ends what was running when core stopped; called once all plugins are active. */
  async recover(findAction: (id: string) => Promise<JobAction<unknown, unknown> | undefined>): Promise<void> {
    for (const stored of this.#jobs.values()) {
      if (stored.job.state !== 'running') continue;
      const action = await findAction(stored.job.action);
      if (action?.resume === undefined) {
        await this.#finish(stored, 'interrupted', 'Core was restarted while the job ran.', {}).catch(
          (failure: unknown) => this.#unkept(stored, failure), // a full medium must not stop a start
        );
        continue;
      }
      const resume = action.resume.bind(action);
      this.#go(stored, (call) => resume(stored.input, call, stored.saved));
    }
  }

  /** When it throws, nothing was begun. */
  async start(
    action: JobAction<unknown, unknown>,
    input: unknown,
    caller: Caller,
    { folders = [], record }: JobBelongings = {},
  ): Promise<Job> {
    await this.#forgetOldest();
    const stored: StoredJob = {
      job: {
        id: String(this.#nextNumber++),
        action: action.id,
        caller: caller.name,
        state: 'running',
        fraction: null,
        message: 'started',
        startedAt: this.parts.clock.now(),
        endedAt: null,
        log: [],
      },
      caller,
      input,
      saved: null,
      folders: [...folders],
      record: record ?? null,
    };
    await this.#write(stored);
    this.#jobs.set(stored.job.id, stored);
    this.#tell(jobStarted, stored.job);
    this.#go(stored, (call) => action.run(input, call));
    return stored.job;
  }

  /** Folders of jobs that have not ended. */
  folders(): readonly string[] {
    const running = [...this.#jobs.values()].filter(({ job }) => job.state === 'running');
    return running.flatMap(({ folders }) => folders);
  }

  list(): readonly Job[] {
    return [...this.#jobs.values()].map((stored) => stored.job).sort((a, b) => Number(b.id) - Number(a.id));
  }

  /** @throws ApplianceError `not-found`. */
  get(id: string): Job {
    const stored = this.#jobs.get(id);
    if (stored === undefined) throw new ApplianceError('not-found', `There is no job ${id}. See: gemel jobs list.`);
    return stored.job;
  }

  /** Asks the job to stop and waits until it has. @throws ApplianceError `not-found`, `conflict` when it has ended. */
  async cancel(id: string): Promise<Job> {
    this.get(id);
    const running = this.#running.get(id);
    if (running === undefined) throw new ApplianceError('conflict', `Job ${id} has already ended.`);
    running.abort.abort(new ApplianceError('cancelled', 'The job was cancelled.'));
    await running.ended;
    return this.get(id);
  }

  /** Stops what runs, leaving it on disk as running: the next start of core resumes it or says that it was interrupted. */
  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#running.values()];
    this.#running.clear();
    for (const { abort } of all) abort.abort(new ApplianceError('cancelled', 'Core is shutting down.'));
    await waitAtMost(
      this.parts.clock,
      endLimitMs,
      all.map(({ ended }) => ended),
    );
  }

  #go(stored: StoredJob, run: (call: JobCall) => Promise<unknown>): void {
    const abort = new AbortController();
    const { id } = stored.job;
    const work = async (): Promise<readonly [JobState, string, Partial<Job>]> => {
      try {
        return ['succeeded', 'done', { output: await run(this.#callFor(stored, abort.signal)) }];
      } catch (thrown) {
        const { code, message, reports } = asApplianceError(thrown);
        const failed = thrown instanceof OwnerEndedError ? 'interrupted' : 'failed';
        return [abort.signal.aborted ? 'cancelled' : failed, message, { error: { code, message, reports } }];
      }
    };
    const toTheEnd = async () => {
      const outcome = await work();
      if (this.#running.has(id)) await this.#finish(stored, ...outcome);
    };
    const ended = toTheEnd()
      .catch((failure: unknown) => this.#unkept(stored, failure))
      .finally(() => this.#running.delete(id));
    this.#running.set(id, { abort, ended });
  }

  #callFor(stored: StoredJob, signal: AbortSignal): JobCall {
    let toldAt = Number.NEGATIVE_INFINITY;
    return {
      jobId: stored.job.id,
      caller: stored.caller,
      signal,
      progress: (fraction, message) => {
        stored.job = { ...stored.job, fraction: fraction ?? null, message };
        const now = this.parts.clock.monotonic();
        if (now - toldAt < progressEveryMs) return;
        toldAt = now;
        this.#tell(jobProgressed, stored.job);
      },
      log: (line) => {
        stored.job = { ...stored.job, log: [...stored.job.log.slice(-keptLogLines + 1), line] };
      },
      save: async (state) => {
        stored.saved = state ?? null;
        await this.#write(stored);
      },
    };
  }

  async #finish(stored: StoredJob, state: JobState, message: string, rest: Partial<Job>): Promise<void> {
    stored.job = {
      ...stored.job,
      ...rest,
      state,
      message,
      fraction: state === 'succeeded' ? 1 : stored.job.fraction,
      endedAt: this.parts.clock.now(),
    };
    // What only going on needs can hold secrets, and is needed no more.
    stored.input = null;
    stored.saved = null;
    try {
      await this.#write(stored);
    } finally {
      await this.#record(stored);
      for (const folder of stored.folders) await this.#removeFolder(folder);
      // It has ended, also where a full medium keeps that from being recorded.
      this.#tell(jobEnded, stored.job);
    }
  }

  async #record({ job, record }: StoredJob): Promise<void> {
    if (record === null) return;
    const { id, state, message, error } = job;
    const reason = `job ${id}: ${error?.code ?? state}: ${message}`;
    await (state === 'succeeded'
      ? this.parts.audit.end(record, 'done', `job ${id}`)
      : this.parts.audit.end(record, 'failed', reason));
  }

  /** The next start of core removes what no job has. */
  async #removeFolder(folder: string): Promise<void> {
    const { files, log } = this.parts;
    await files.remove(folder).catch((failure: unknown) => {
      log.error({ folder, err: failure }, 'a file that was sent for a job could not be removed');
    });
  }

  #unkept({ job }: StoredJob, failure: unknown): void {
    this.parts.log.error({ job: job.id, err: failure }, 'the end of a job could not be kept');
  }

  async #write(stored: StoredJob): Promise<void> {
    await this.parts.files.write(`${this.parts.folder}/${stored.job.id}.json`, JSON.stringify(stored), { mode: 0o600 });
  }

  async #forgetOldest(): Promise<void> {
    const ended = this.list().filter((job) => job.state !== 'running');
    for (const job of ended.slice(keptJobs)) {
      this.#jobs.delete(job.id);
      await this.parts.files.remove(`${this.parts.folder}/${job.id}.json`);
    }
  }

  #tell(definition: typeof jobStarted, job: Job): void {
    const { id, action, state, fraction, message } = job;
    this.parts.bus.publish('core', definition, { job: id, action, state, fraction, message });
  }
}
