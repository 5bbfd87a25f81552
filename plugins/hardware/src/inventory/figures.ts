import { z } from 'zod';

/** What is compared between machines and with profiles. JSON-shaped: the other node's come over the wire. */
export const machineFiguresSchema = z.lazy(() =>
  z.object({
    manufacturer: z.string().describe('DMI system vendor; empty where the firmware gives none.'),
    product: z.string().describe('DMI product name.'),
    virtualization: z
      .object({
        kind: z.enum(['none', 'vm', 'container', 'unknown']).describe('`unknown`: this host does not show it.'),
        name: z.string().describe('As systemd-detect-virt says it, `kvm`; empty when not virtual.'),
      })
      .describe('What the machine is, if not a real one.'),
    cpuModel: z.string().describe('Of the first processor.'),
    cpus: z.number().describe('Logical processors.'),
    memoryBytes: z.number().describe('Usable by Linux, which is up to a few percent less than installed.'),
    diskBytes: z.number().describe('Usable: of a mirror, one side.'),
    nics: z.array(z.string()).describe('Physical network interfaces in the order of their places on the bus.'),
    raid: z
      .object({ level: z.string().describe('raid1, …'), disks: z.number().describe('How many take part.') })
      .nullable()
      .describe('Null when there is none.'),
    managementController: z.boolean().describe('Whether there is one (IPMI).'),
  }),
);
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
