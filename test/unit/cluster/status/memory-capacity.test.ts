import { ScriptedSystem } from '@gemel/core/testing';
import { MemoryCapacity } from '#cluster/status/memory-capacity.js';
import test from 'ava';

test('adds up what is needed, and reads what is free', async (t) => {
  const { files } = new ScriptedSystem();
  await files.write(
    '/proc/meminfo',
    'MemTotal:       24683000 kB\nMemFree:          100000 kB\nMemAvailable:    2048999 kB\n',
  );
  const capacity = new MemoryCapacity(files);
  const sites = capacity.needMemory(async () => 512);
  capacity.needMemory(async () => 100);
  t.deepEqual(await capacity.read(), { neededMiB: 612, availableMiB: 2_000 });
  sites[Symbol.dispose]();
  t.is((await capacity.read()).neededMiB, 100);
});

test('a kernel that does not say what is free is no failure', async (t) => {
  const capacity = new MemoryCapacity(new ScriptedSystem().files);
  t.deepEqual(await capacity.read(), { neededMiB: 0, availableMiB: undefined });
});
