import { spawnSync } from 'node:child_process';
import { ToolError } from './run-command.ts';

/**
 * Runs a build as root. Without root the whole program runs as the root of a user namespace: files get the right owners and nothing on the
 * machine changes. Sets the exit code.
 *
 * @param name Said before an error.
 */
export async function asMappedRoot(name: string, main: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) {
    const inner = ['--user', '--map-root-user', '--map-auto', '--mount', process.execPath, ...process.argv.slice(1)];
    const result = spawnSync('unshare', inner, { stdio: 'inherit' });
    if (result.error) console.error('unshare is missing: run scripts/host-packages');
    process.exitCode = result.status ?? 1;
    return;
  }
  await main().catch((cause: unknown) => {
    console.error(cause instanceof ToolError ? `${name}: ${cause.message}` : cause);
    process.exitCode = 1;
  });
}
