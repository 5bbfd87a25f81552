import { ApplianceError, type CommandRunner, type FileStore } from '@gemel/core/sdk';
import { z } from 'zod';
import { paths } from '../paths.js';

/** What core/dist/bin/gemel-settings-trial.js of the other version prints on its last line. */
const outcomeSchema = z.object({ reports: z.array(z.object({ text: z.string() })) });

const unpackLimitMs = 120_000;
/** A start of core without engines, on a slow machine. */
const tryLimitMs = 180_000;

/**
 * Lets a bundle's own code read today's settings, on a copy and in a process that changes nothing else. The bundle's signature and
 * content were checked before.
 *
 * @returns what that version could not take over, in its words.
 */
export async function trySettings(
  { commands, files }: { readonly commands: CommandRunner; readonly files: FileStore },
  bundle: string,
  archive: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const folder = paths.settingsTrial;
  const must = async (argv: readonly [string, ...string[]], timeoutMs: number): Promise<string> => {
    const { exitCode, stdout, stderr } = await commands.run(argv, { timeoutMs, signal });
    if (exitCode === 0) return stdout;
    const lines = (stderr || stdout).trim().split('\n');
    throw new ApplianceError(
      'engine-failed',
      `${argv[0]}: ${lines.find((line) => /Error/.test(line)) ?? lines.at(-1)}`,
    );
  };
  await files.remove(folder);
  try {
    await must(['mkdir', '-p', '-m', '0700', `${folder}/code`, `${folder}/state/lib`], 10_000);
    // a verity bundle begins with its squashfs
    await must(
      ['unsquashfs', '-quiet', '-no-progress', '-no-xattrs', '-force', '-dest', folder, bundle, archive],
      unpackLimitMs,
    );
    await must(['tar', '-x', '--no-same-owner', '-C', `${folder}/code`, '-f', `${folder}/${archive}`], unpackLimitMs);
    await must(['cp', '-a', paths.settings, `${folder}/state/lib/`], 30_000);
    const program = `${folder}/code/core/dist/bin/gemel-settings-trial.js`;
    const printed = await must([paths.node, program, `${folder}/state`], tryLimitMs);
    const last = printed.trim().split('\n').at(-1) ?? '';
    return outcomeSchema.parse(JSON.parse(last)).reports.map(({ text }) => text);
  } finally {
    await files.remove(folder);
  }
}
