import { spawn } from 'node:child_process';
import { ApplianceError } from '@gemel/core/sdk';

/** Gives what `journalctl` prints while it prints it; it ends when the iteration does. */
export type JournalStream = (argv: readonly string[], signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** Of its last words on standard error. */
const mostWords = 4_096;

/**
 * The commands of the SDK give output when a program has ended; a journal of gigabytes and one that is followed cannot wait for
 * that. A reader that pauses makes journalctl wait: nothing is kept in between but the pipe.
 * @throws ApplianceError `invalid` with journalctl's words when it refuses its arguments, `unavailable` when it is absent.
 */
export async function* journalStream(argv: readonly string[], signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const child = spawn('journalctl', ['--quiet', ...argv], {
    env: { LC_ALL: 'C.UTF-8', PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = () => void child.kill('SIGTERM');
  const { promise: closed, resolve, reject } = Promise.withResolvers<number | null>();
  closed.catch(() => undefined); // looked at below, if nobody has gone before
  child.once('error', reject);
  child.once('close', resolve);
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-mostWords);
  });
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  try {
    for await (const chunk of child.stdout) {
      if (signal.aborted) return;
      yield chunk;
    }
    const code = await closed;
    if (signal.aborted) return;
    // 1 without a word: the pattern was found nowhere
    if (code !== 0 && words.trim() !== '') {
      throw new ApplianceError('invalid', `journalctl: ${words.trim().split('\n').at(-1)}. Correct the filter.`);
    }
  } catch (failure) {
    if (!(failure instanceof Error && 'code' in failure && failure.code === 'ENOENT')) throw failure;
    throw new ApplianceError('unavailable', 'journalctl is not on this host. Use an appliance for it.');
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}
