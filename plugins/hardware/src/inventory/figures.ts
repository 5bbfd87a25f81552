import { z } from 'zod';

/** What is compared between machines and with profiles. JSON-shaped: the other node's come over the wire. */
export const machineFiguresSchema = z.object({
  manufacturer: z.string().describe('DMI system vendor; empty where the firmware gives none.'),
  product: z.string(),
  virtualization: z.object({
    kind: z.enum(['none', 'vm', 'container', 'unknown']),
    name: z.string().describe('As systemd-detect-virt says it, `kvm`; empty when not virtual.'),
  }),
  cpuModel: z.string(),
  cpus: z.number().describe('Logical processors.'),
  memoryBytes: z.number().describe('Usable by Linux, which is up to a few percent less than installed.'),
  diskBytes: z.number().describe('Usable: of a mirror, one side.'),
  nics: z.array(z.string()).describe('Physical network interfaces in the order of their places on the bus.'),
  raid: z.object({ level: z.string(), disks: z.number() }).nullable(),
  managementController: z.boolean(),
});
export type MachineFigures = z.output<typeof machineFiguresSchema>;

const gibibyte = 2 ** 30;

/** `15.5 GiB`. */
export function formatGiB(bytes: number): string {
  const gib = bytes / gibibyte;
  return `${gib >= 100 ? Math.round(gib) : Math.round(gib * 10) / 10} GiB`;
}

/** `4 × Intel(R) Xeon(R), 15.5 GiB memory, 240 GiB disk`. */
export function formatFigures({ cpus, cpuModel, memoryBytes, diskBytes }: MachineFigures): string {
  return `${cpus} × ${cpuModel || 'processor'}, ${formatGiB(memoryBytes)} memory, ${formatGiB(diskBytes)} disk`;
}
