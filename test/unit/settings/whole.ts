import { filesFor, type World, kernelFor } from './world.js';

/** The system is wholly what runs. */
export function assertWhole(t: { deepEqual(a: unknown, b: unknown): void }, world: World): void {
  t.deepEqual(world.kernel, kernelFor(world.settings('running')));
  t.deepEqual(world.owned(), filesFor(world.settings('running')));
}
