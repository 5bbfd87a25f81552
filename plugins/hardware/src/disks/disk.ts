/** A whole disk of this machine as the kernel and udev describe it; no program is asked. */
export interface Disk {
  /** `sda` */
  readonly name: string;
  readonly sizeBytes: number;
  readonly model: string;
  readonly serial: string;
  /** Where it is plugged in, udev's ID_PATH; empty when not known. */
  readonly place: string;
  readonly removable: boolean;
  /** Array that it, or one of its partitions, is a part of; `md127`. */
  readonly array: string | null;
  /** Why that array is in use, for people; null when nothing uses it, or it is in none. */
  readonly arrayUsedBy: string | null;
  /** Why it is in use other than by an array, for people; null when nothing uses it. */
  readonly usedBy: string | null;
}

/** `Samsung SSD 870, S5Y1NG0N` */
export function diskTitle({ model, serial }: Pick<Disk, 'model' | 'serial'>): string {
  return [model.replaceAll('_', ' ').trim(), serial].filter((each) => each !== '').join(', ');
}
