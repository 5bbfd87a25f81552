/** Actions that take files of callers, over real files in a folder of their own. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ActionRegistry, type AuditEntry } from '#core/actions/action-registry.js';
import { EventBus } from '#core/bus/event-bus.js';
import type { CoreApi } from '#core/ipc/core-api.js';
import { JobRegistry } from '#core/jobs/job-registry.js';
import { callerFile, type Caller, defineAction } from '#core/sdk/index.js';
import { AtomicFileStore } from '#core/system/atomic-file-store.js';
import { diskUploads } from '#core/system/disk-uploads.js';
import type { UploadFiles } from '#core/uploads/upload-files.js';
import { UploadStore } from '#core/uploads/upload-store.js';
import { FakeClock } from '@gemel/core/testing';
import { z } from 'zod';
import { collectingLog } from '../kernel/collecting-log.js';

export const jane: Caller = { name: 'local:jane', role: 'operator', surface: 'cli', connectedAt: 0 };

export const mostBytes = 4 * 1024 * 1024;

/** What the actions of the world read, by the path that they were given. */
interface Seen {
  readonly path: string;
  readonly texts: readonly string[];
}

export interface UploadWorld extends AsyncDisposable {
  /** `<folder>/uploads` is the store's. */
  readonly folder: string;
  readonly store: UploadStore;
  readonly jobs: JobRegistry;
  readonly registry: ActionRegistry;
  readonly api: CoreApi;
  readonly clock: FakeClock;
  readonly seen: Seen[];
  readonly audited: unknown[];
  readonly lines: ReturnType<typeof collectingLog>['lines'];
  /** Lets `test.long` end. */
  readonly finish: () => void;
  /** Every file below the store's folder. */
  left(): Promise<readonly string[]>;
}

export interface UploadWorldOptions {
  /** Between the store and the medium. */
  readonly media?: (disk: UploadFiles) => UploadFiles;
  /** Instead of a new one, for a second run of core. */
  readonly folder?: string;
}

/**
 * `test.read` (operator) reads a file, `test.refuse` fails with one, `test.late` reads it when `finish` was called and heeds no
 * signal, `test.long` is a job that reads it when `finish` was called,
 * `test.pair` takes a description with a file beside it, `test.admin` is the administrator's.
 */
export async function uploadWorld(options: UploadWorldOptions = {}): Promise<UploadWorld> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'gemel-uploads-')));
  const clock = new FakeClock();
  const { log, lines } = collectingLog();
  const files = new AtomicFileStore({ ownership: false });
  const media = (options.media ?? ((disk) => disk))(diskUploads);
  const store = new UploadStore({ files, media, clock, log, folder: join(folder, 'uploads') });
  const audited: unknown[] = [];
  const audit = {
    begin: async ({ input }: AuditEntry) => String(audited.push(input)),
    end: async () => undefined,
    refused: async () => undefined,
  };
  const bus = new EventBus(clock, log);
  const jobs = new JobRegistry({ files, clock, bus, log, audit, folder: join(folder, 'jobs') });
  const registry = new ActionRegistry(jobs, audit, clock, store);
  const seen: Seen[] = [];
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const read = async (path: string, ...others: readonly string[]) => {
    seen.push({ path, texts: await Promise.all([path, ...others].map((each) => readFile(each, 'utf8'))) });
    return {};
  };
  const present = () => ({ kind: 'text', text: 'Read.' }) as const;
  const file = callerFile({ mostBytes }).describe('What is read.');
  const output = z.object({});
  const common = { summary: 'Read a file.', role: 'operator', output, present, positionals: ['file'] } as const;
  const input = z.strictObject({ file, remark: z.string().optional() });
  const actions = [
    defineAction({ ...common, kind: 'call', id: 'test.read', input, run: ({ file: path }) => read(path) }),
    defineAction({ ...common, kind: 'call', id: 'test.admin', role: 'administrator', input, run: async () => ({}) }),
    defineAction({
      ...common,
      kind: 'call',
      id: 'test.refuse',
      input,
      run: async () => {
        throw new Error('not today');
      },
    }),
    defineAction({
      ...common,
      kind: 'call',
      id: 'test.late',
      input,
      run: ({ file: path }) => finished.then(() => read(path)),
    }),
    defineAction({
      ...common,
      kind: 'job',
      id: 'test.long',
      input,
      confirmation: 'Read {file}?',
      async run({ file: path }, { signal }) {
        await Promise.race([finished, once(signal, 'abort')]);
        return await read(path);
      },
      resume: ({ file: path }) => read(path),
    }),
    defineAction({
      ...common,
      kind: 'call',
      id: 'test.pair',
      input: z.strictObject({ file: callerFile({ mostBytes, ending: '.json', beside: 'image.file' }) }),
      async run({ file: path }) {
        const { image } = z
          .object({ image: z.object({ file: z.string() }) })
          .parse(JSON.parse(await readFile(path, 'utf8')));
        return await read(path, join(dirname(path), image.file));
      },
    }),
  ];
  for (const action of actions) registry.add('reader', action);
  return {
    folder,
    store,
    jobs,
    registry,
    api: {
      describe: (role) => registry.describe(role),
      invoke: (invocation, call) => registry.invoke(invocation, call),
      upload: (order, caller, ended) => registry.upload(order, caller, ended),
      subscribe: () => ({ [Symbol.dispose]() {} }),
    },
    clock,
    seen,
    audited,
    lines,
    finish,
    left: () => filesBelow(join(folder, 'uploads')),
    async [Symbol.asyncDispose]() {
      finish();
      await store[Symbol.asyncDispose]();
      await jobs[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  } catch (failure) {
    if (!(failure instanceof Error && 'code' in failure && failure.code === 'ENOENT')) throw failure;
    // an upload's folder is renamed before it is removed, maybe while this goes through it: that does not mean empty
    return existsSync(folder) ? await filesBelow(folder) : [];
  }
}

export async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await reached())) await new Promise((resolve) => setTimeout(resolve, 5));
}
