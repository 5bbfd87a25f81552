import { ApplianceError, type Clock, type FileStore, type UnitManager } from '@gemel/core/sdk';
import { z } from 'zod';

export const keptFolder = '/var/lib/gemel/split-brain';
const suffix = '.tar.zst';

export const keptSchema = z.object({
  id: z.string().describe('Name for dismissing it: when it was taken.'),
  node: z.string().describe('Node that has it on its data partition.'),
  path: z.string().describe('The file; read it with tar.'),
  bytes: z.number().nullable().describe('Its size; null when unknown.'),
});
export type Kept = z.output<typeof keptSchema>;

/** Becomes part of a path. */
export const copyId = z
  .string()
  .regex(/^\d{8}T\d{6}Z$/, 'is no id of a copy')
  .meta({ examples: ['20261122T012400Z'] });

const lookEveryMs = 1_000;

/** Copies of the data that lost, on this node, until somebody dismisses them. */
export class KeptCopies {
  constructor(
    readonly parts: { readonly files: FileStore; readonly units: UnitManager; readonly clock: Clock },
    readonly node: () => string,
  ) {}

  async list(): Promise<readonly Kept[]> {
    const { files } = this.parts;
    const ids = (await files.list(keptFolder)).flatMap((name) =>
      name.endsWith(suffix) ? [name.slice(0, -suffix.length)] : [],
    );
    return Promise.all(
      ids.map(async (id) => {
        const size = await files.read(`${keptFolder}/${id}.size`);
        return {
          id,
          node: this.node(),
          path: `${keptFolder}/${id}${suffix}`,
          bytes: size === undefined ? null : Number(size),
        };
      }),
    );
  }

  /** Of a copy that is taken now. */
  newId(): string {
    return new Date(this.parts.clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  }

  /** Copies the data volume, which must not be in use. @throws ApplianceError `engine-failed` with the reason. */
  async take(id: string, signal: AbortSignal): Promise<void> {
    await this.parts.files.remove(`${keptFolder}/failed`);
    await this.run(`keep-${id}`, signal);
  }

  /** Ends a copy that nobody waits for any more. Its script leaves no half of it behind. */
  async stop(id: string): Promise<void> {
    await this.parts.units.stop(unitOf(`keep-${id}`));
  }

  /** Starts a step and waits for its end, however long it takes. Who stops waiting ends it: nothing else may find the volume in use. */
  async run(step: string, signal: AbortSignal): Promise<void> {
    const { files, units, clock } = this.parts;
    const unit = unitOf(step);
    await units.start(unit);
    for (;;) {
      const { activeState } = await units.status(unit);
      if (activeState === 'failed') {
        const reason = (await files.read(`${keptFolder}/failed`))?.trim();
        throw new ApplianceError('engine-failed', `${reason ?? `${unit} failed.`} See: journalctl -u ${unit}`);
      }
      if (activeState === 'inactive') return;
      try {
        await clock.sleep(lookEveryMs, signal);
      } catch (failure) {
        await units.stop(unit);
        throw failure;
      }
    }
  }

  async dismiss(id: string): Promise<void> {
    const { files } = this.parts;
    await files.remove(`${keptFolder}/${id}${suffix}`);
    await files.remove(`${keptFolder}/${id}.size`);
  }
}

function unitOf(step: string): string {
  return `gemel-split-brain@${step}.service`;
}
