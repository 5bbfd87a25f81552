export const slotNames = ['A', 'B'] as const;
export type SlotName = (typeof slotNames)[number];

/** The slot that runs, from the kernel command line that boot/grub.cfg makes; undefined where there are no slots. Pure. */
export function bootedSlot(commandLine: string): SlotName | undefined {
  const name = /(?:^|\s)rauc\.slot=([AB])(?:\s|$)/.exec(commandLine)?.[1];
  return name === 'A' || name === 'B' ? name : undefined;
}

export function otherSlot(name: SlotName): SlotName {
  return name === 'A' ? 'B' : 'A';
}

/** Partition of each slot, as the image names it. */
export const slotPartitions: Readonly<Record<SlotName, string>> = { A: 'gemel-root-a', B: 'gemel-root-b' };
