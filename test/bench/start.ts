/** Core from exec to READY with all built-in plugins, beside bare `node -e 0`; and its memory then. */
import { type Figure, median, middlePair, type Pair } from './figure.ts';
import { removeFolder, SandboxProcess } from './sandbox-process.ts';
import { timeProcess } from './timed-process.ts';

const rounds = 21;

export async function run(): Promise<readonly Figure[]> {
  const folder = await SandboxProcess.newFolder();
  try {
    {
      await using _first = await SandboxProcess.start(folder); // makes the settings of a new device and fills the compile cache
    }
    const pairs: Pair[] = [];
    const memory: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const peer = await timeProcess(['node_modules/.bin/node', '-e', '0']);
      await using core = await SandboxProcess.start(folder);
      pairs.push({ figure: core.readyMs, peer });
      await new Promise((resolve) => setTimeout(resolve, 500)); // settled: first examination of health, first statuses
      memory.push(await core.memoryMegabytes());
    }
    const { figure, peer } = middlePair(pairs);
    return [
      {
        name: 'core: exec to READY with all built-in plugins',
        unit: 'ms',
        figure,
        peer: { name: 'bare node -e 0', figure: peer },
        limit: { kind: 'at most', value: 4 },
      },
      { name: 'core: resident memory', unit: 'MB', figure: median(memory), limit: { kind: 'at most', value: 90 } },
    ];
  } finally {
    await removeFolder(folder);
  }
}
