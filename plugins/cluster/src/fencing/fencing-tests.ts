import { z } from 'zod';
import type { Membership } from '../membership/membership.js';

export const fencingTestSchema = z.object({
  node: z.string().describe('That was restarted.'),
  address: z.string().describe('Of its management controller.'),
  at: z.number().describe('Wall clock, milliseconds since 1970.'),
});
export type FencingTest = z.output<typeof fencingTestSchema>;

/** Tests that this node knows of, of controllers as they are entered now. Pure. */
export function fencingTestsOf({ options }: Membership): FencingTest[] {
  return (options?.fencing ?? []).flatMap(({ node, address, testedAt }) =>
    testedAt === null ? [] : [{ node, address, at: testedAt }],
  );
}

/**
 * A node is restarted from the other one and cannot note it itself: each knows of the test of the other, and asks for that of its own.
 * Pure. @returns undefined when nothing is new.
 */
export function withFencingTests(membership: Membership, tests: readonly FencingTest[]): Membership | undefined {
  const { options } = membership;
  if (options === null) return undefined;
  let isNew = false;
  const fencing = options.fencing.map((device) => {
    const test = tests.find(({ node, address }) => node === device.node && address === device.address);
    if (test === undefined || test.at <= (device.testedAt ?? 0)) return device;
    isNew = true;
    return { ...device, testedAt: test.at };
  });
  return isNew ? { ...membership, options: { ...options, fencing } } : undefined;
}
