import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../firmware/cache.ts';
import { ToolError } from '../../firmware/run-command.ts';

export type NodeName = 'a' | 'b';
export type NodeKind = 'vm' | 'container';
export type LinkKind = 'external' | 'sync';
export type Port = 0 | 1;

/** `virt1` is a plain QEMU machine; the others say by SMBIOS that they are that model, and have bays and a management controller (rack.ts). */
export type Hardware = 'virt1' | 'rack1' | 'rack5';

export const NODE_NAMES: readonly NodeName[] = ['a', 'b'];
export const HARDWARE: readonly Hardware[] = ['virt1', 'rack1', 'rack5'];
export const LINKS: readonly LinkKind[] = ['external', 'sync'];
export const PORTS: readonly Port[] = [0, 1];

/** The operators' network, as seen by the lab's client. */
export const CLIENT_ADDRESSES = ['10.77.0.1/24', 'fd77::1/64'] as const;

export interface Nic {
  readonly link: LinkKind;
  readonly port: Port;
  /** Position on the PCI bus, which gives the interface its name in a VM; containers get the same names. */
  readonly slot: number;
  readonly interfaceName: string;
}

const FIRST_SLOT = 4;

/** Two external and two sync NICs, in this order. */
export const NICS: readonly Nic[] = LINKS.flatMap((link, row) =>
  PORTS.map((port) => {
    const slot = FIRST_SLOT + row * PORTS.length + port;
    return { link, port, slot, interfaceName: `enp0s${slot}` };
  }),
);

/**
 * Fixed, the same in every lab (labs do not see each other) and different per node: a moving MAC address shows as half a minute of
 * lost packets until neighbour tables forget it.
 */
export function macAddress(node: NodeName, nic: Nic): string {
  return `52:54:00:77:0${NODE_NAMES.indexOf(node) + 1}:0${NICS.indexOf(nic)}`;
}

/** Of a rack node's management controller, on the operators' network. */
export function controllerAddress(node: NodeName): string {
  return `10.77.0.2${NODE_NAMES.indexOf(node) + 1}`;
}

export function otherNode(node: NodeName): NodeName {
  return node === 'a' ? 'b' : 'a';
}

/** Where a lab keeps what lives as long as the machine runs (sockets, ids) and what is large (disks). */
export interface LabFolders {
  readonly runtime: string;
  readonly disks: string;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,15}$/;

/** Sockets lie below it, and their paths are limited to 107 bytes: short on purpose. */
export const RUNTIME_ROOT = '/run/gemel-lab';

export function labFolders(lab: string): LabFolders {
  if (!NAME.test(lab))
    throw new ToolError(
      `Lab name "${lab}": use up to 16 lower-case letters, digits and hyphens, starting with a letter or digit.`,
    );
  return { runtime: join(RUNTIME_ROOT, lab), disks: join(cacheFolder(), 'labs', lab) };
}

export function createFolders(folders: LabFolders): void {
  mkdirSync(folders.runtime, { recursive: true, mode: 0o700 });
  mkdirSync(folders.disks, { recursive: true });
}

/** The lab's own network namespace: bridges, taps, veth ends and the client. */
export function labNamespace(lab: string): string {
  return `gemel-lab-${lab}`;
}

export function containerNamespace(lab: string, node: NodeName): string {
  return `${labNamespace(lab)}-${node}`;
}
