import { z } from 'zod';

/** What is used of `smartctl --json --info --health --attributes`; a disk gives what it has. */
const smartctlSchema = z.object({
  smart_status: z.object({ passed: z.boolean() }).optional(),
  temperature: z.object({ current: z.number() }).optional(),
  power_on_time: z.object({ hours: z.number() }).optional(),
  ata_smart_attributes: z
    .object({ table: z.array(z.object({ id: z.number(), raw: z.object({ value: z.number() }) })) })
    .optional(),
  nvme_smart_health_information_log: z
    .object({ percentage_used: z.number().optional(), media_errors: z.number().optional() })
    .optional(),
});

export interface Smart {
  /** `unknown`: the disk says nothing about itself, as virtual ones do. */
  readonly health: 'ok' | 'failing' | 'unknown';
  readonly celsius: number | null;
  readonly hours: number | null;
  /** Sectors that the disk gave up or could not read; media errors of NVMe. */
  readonly badSectors: number | null;
}

export const unknownSmart: Smart = { health: 'unknown', celsius: null, hours: null, badSectors: null };

/** ATA attributes: reallocated, pending and uncorrectable sectors. */
const badSectorAttributes = [5, 197, 198];

/** Pure. Damaged text counts as a disk that says nothing. */
export function parseSmartctl(text: string): Smart {
  const parsed = smartctlSchema.safeParse(jsonOf(text));
  if (!parsed.success) return unknownSmart;
  const { smart_status, temperature, power_on_time, ata_smart_attributes, nvme_smart_health_information_log } =
    parsed.data;
  const bad = ata_smart_attributes?.table.filter(({ id }) => badSectorAttributes.includes(id));
  const counted = bad === undefined || bad.length === 0 ? null : bad.reduce((sum, { raw }) => sum + raw.value, 0);
  return {
    health: smart_status === undefined ? 'unknown' : smart_status.passed ? 'ok' : 'failing',
    celsius: temperature?.current ?? null,
    hours: power_on_time?.hours ?? null,
    badSectors: nvme_smart_health_information_log?.media_errors ?? counted,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // JSON.parse throws for nothing else
  }
}
