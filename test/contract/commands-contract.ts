import assert from 'node:assert/strict';
import type { CommandRunner } from '@gemel/core/sdk';
import type { ContractCase } from './contract-case.js';

/** The programs are coreutils' own; a scripted runner answers the same for them. */
export const commandsContract: readonly ContractCase<CommandRunner>[] = [
  {
    title: 'gives output and exit code, whatever the code is',
    run: async (commands) => {
      assert.deepEqual(await commands.run(['echo', 'a  b']), { exitCode: 0, stdout: 'a  b\n', stderr: '' });
      assert.equal((await commands.run(['false'])).exitCode, 1);
    },
  },
  {
    title: 'gives output to who takes it as it comes, and not again at the end',
    run: async (commands) => {
      const pieces: Uint8Array[] = [];
      const result = await commands.run(['echo', 'a  b'], { onOutput: (piece) => void pieces.push(piece) });
      assert.equal(Buffer.concat(pieces).toString(), 'a  b\n');
      assert.deepEqual(result, { exitCode: 0, stdout: '', stderr: '' });
    },
  },
  {
    title: 'passes arguments on as they are, without a shell',
    run: async (commands) => {
      const hostile = '$(reboot); `id` "x" \'y\' * \\ \n';
      assert.equal((await commands.run(['printf', '%s', hostile])).stdout, hostile);
    },
  },
  {
    title: 'says that a program is not installed',
    run: async (commands) => {
      await assert.rejects(commands.run(['no-such-program', '-x']), { name: 'ApplianceError', code: 'unavailable' });
    },
  },
  {
    title: 'runs nothing once it was cancelled',
    run: async (commands) => {
      const run = commands.run(['echo', 'a  b'], { signal: AbortSignal.abort() });
      await assert.rejects(run, { name: 'ApplianceError', code: 'cancelled' });
    },
  },
];
