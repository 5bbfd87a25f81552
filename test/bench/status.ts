/** `gemel status` against a running appliance, beside bare `node -e 0`. */
import { type Figure, median } from './figure.ts';
import { removeFolder, SandboxProcess } from './sandbox-process.ts';
import { timeProcess } from './timed-process.ts';

const rounds = 21;

export async function run(): Promise<readonly Figure[]> {
  const folder = await SandboxProcess.newFolder();
  const status: number[] = [];
  const bare: number[] = [];
  {
    await using core = await SandboxProcess.start(folder);
    const command = ['node_modules/.bin/node', 'build/core/dist/bin/gemel.js', 'status'] as const;
    await timeProcess(command, { GEMEL_SOCKET: core.socket }); // warms the compile cache
    for (let round = 0; round < rounds; round++) {
      bare.push(await timeProcess(['node_modules/.bin/node', '-e', '0']));
      status.push(await timeProcess(command, { GEMEL_SOCKET: core.socket }));
    }
  }
  await removeFolder(folder);
  return [
    {
      name: 'gemel status on a running appliance',
      unit: 'ms',
      figure: median(status),
      peer: { name: 'bare node -e 0', figure: median(bare) },
      limit: { kind: 'at most', value: 3 },
    },
  ];
}
