/** `gemel status` against a running appliance, beside bare `node -e 0`. */
import { type Figure, middlePair, type Pair } from './figure.ts';
import { removeFolder, SandboxProcess } from './sandbox-process.ts';
import { timeProcess } from './timed-process.ts';

const rounds = 31;

export async function run(): Promise<readonly Figure[]> {
  const folder = await SandboxProcess.newFolder();
  try {
    await using core = await SandboxProcess.start(folder);
    const command = ['node_modules/.bin/node', 'build/core/dist/bin/gemel.js', 'status'] as const;
    await timeProcess(command, { GEMEL_SOCKET: core.socket }); // fills the compile cache
    const pairs: Pair[] = [];
    for (let round = 0; round < rounds; round++) {
      const peer = await timeProcess(['node_modules/.bin/node', '-e', '0']);
      pairs.push({ figure: await timeProcess(command, { GEMEL_SOCKET: core.socket }), peer });
    }
    const { figure, peer } = middlePair(pairs);
    return [
      {
        name: 'gemel status on a running appliance',
        unit: 'ms',
        figure,
        peer: { name: 'bare node -e 0', figure: peer },
        limit: { kind: 'at most', value: 3 },
      },
    ];
  } finally {
    await removeFolder(folder);
  }
}
