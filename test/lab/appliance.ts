import type { ApplianceImage } from '../../firmware/image.ts';
import type { CommandResult } from '../../firmware/run-command.ts';
import type { Nic, NodeName } from './lab-layout.ts';

export interface ExecOptions {
  readonly input?: string | Uint8Array;
  /** Default 600 s. */
  readonly timeoutSeconds?: number;
}

/** Whether a NIC of this node has carrier, given what is cut and who is powered. */
export type Carrier = (nic: Nic) => boolean;

/** One appliance of a lab, whatever it runs on. Power is what `start` and `kill` are about; nothing is asked of the system inside. */
export interface Appliance {
  readonly name: NodeName;
  /** Makes disks and links; the appliance is off afterwards. */
  create(image: ApplianceImage): Promise<void>;
  /** Makes disks and links as well, and switches on: from a booted snapshot of the image, a new one if `fresh`, where the kind has one. */
  createBooted(image: ApplianceImage, carrier: Carrier, fresh: boolean): Promise<void>;
  /** Another box of its kind in its place, off, as it comes from the factory. */
  renew(): Promise<void>;
  /** Switches on from its disk, a cold boot. */
  start(carrier: Carrier): Promise<void>;
  /** Resolves when systemd finished booting, with its verdict (running, degraded). */
  ready(timeoutSeconds: number): Promise<string>;
  /** Power loss, now. */
  kill(): Promise<void>;
  isOn(): boolean;
  exec(argv: readonly string[], options?: ExecOptions): Promise<CommandResult>;
  applyCarrier(carrier: Carrier): Promise<void>;
  /** For all that must happen at the same moment on both nodes before a snapshot. */
  pause(): Promise<void>;
  saveSnapshot(name: string): Promise<void>;
  resume(carrier: Carrier): Promise<void>;
  /** Brings back a snapshot; the appliance is on or off as it was, and paused if on. */
  loadSnapshot(name: string, wasOn: boolean): Promise<void>;
  /** After `resume` of a restored one: clocks. */
  settle(): Promise<void>;
  /** Command line that attaches a terminal to it. */
  consoleCommand(): readonly string[];
  /** Ends processes and mounts. Folders and namespaces are the lab's. */
  remove(): Promise<void>;
  processIds(): Readonly<Record<string, number>>;
}
