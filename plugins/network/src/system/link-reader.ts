import { ApplianceError, type CommandRunner, type FileStore } from '@gemel/core/sdk';
import { z } from 'zod';
import type { AddressFact, LinkFact, MemberFact } from '../settings/facts.js';

/** 4,000 VLANs with two addresses each are about 8 MB. */
const largestOutput = 64 * 1024 * 1024;

/** `address show` with details holds the links too, so one run of ip gives both. */
export const showLinks = ['ip', '-json', '-details', 'address', 'show'] as const;

const addressJson = z.object({
  family: z.string(),
  local: z.string().optional(),
  prefixlen: z.number().optional(),
  dynamic: z.boolean().optional(),
  tentative: z.boolean().optional(),
  dadfailed: z.boolean().optional(),
});

const linkJson = z.object({
  ifindex: z.number(),
  ifname: z.string(),
  link: z.string().nullable().optional(),
  master: z.string().optional(),
  flags: z.array(z.string()),
  mtu: z.number(),
  max_mtu: z.number().optional(),
  group: z.string().optional(),
  link_type: z.string().optional(),
  address: z.string().optional(),
  permaddr: z.string().optional(),
  linkinfo: z
    .object({
      info_kind: z.string().optional(),
      info_data: z.record(z.string(), z.unknown()).optional(),
      info_slave_kind: z.string().optional(),
      info_slave_data: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  addr_info: z.array(addressJson).optional(),
});

type LinkJson = z.infer<typeof linkJson>;

/** Reads the kernel's links and addresses by iproute2, and what only sysfs says of real NICs. */
export class LinkReader {
  readonly #commands: CommandRunner;
  readonly #files: FileStore;

  constructor(commands: CommandRunner, files: FileStore) {
    this.#commands = commands;
    this.#files = files;
  }

  /** @throws ApplianceError `unavailable`, `timeout`, `cancelled`, or `engine-failed` when ip's output makes no sense. */
  async read(signal?: AbortSignal): Promise<readonly LinkFact[]> {
    const options = { maxOutputBytes: largestOutput, ...(signal === undefined ? {} : { signal }) };
    const result = await this.#commands.run([...showLinks], options);
    if (result.exitCode !== 0) throw new ApplianceError('engine-failed', `ip failed: ${result.stderr.trim()}`);
    const links = parseLinks(result.stdout);
    const hasPhysical = links.some((link) => kindOf(link) === 'physical');
    return Promise.all(links.map((link) => this.#complete(link, hasPhysical)));
  }

  async #complete(link: LinkJson, hasPhysical: boolean): Promise<LinkFact> {
    const kind = kindOf(link);
    const member = link.linkinfo?.info_slave_kind === 'bond' ? link.linkinfo.info_slave_data : undefined;
    const options = link.linkinfo?.info_data ?? {};
    const carrier = link.flags.includes('LOWER_UP');
    const isReal = kind === 'physical' || kind === 'bond';
    return {
      name: link.ifname,
      index: link.ifindex,
      kind,
      nic: kind === 'physical' || (kind === 'veth' && !hasPhysical),
      hardwareAddress: link.address ?? '',
      permanentAddress:
        kind === 'physical' ? await this.#permanentAddress(link, text(member?.['perm_hwaddr'])) : undefined,
      mtu: link.mtu,
      maximumMtu: link.max_mtu ?? 0,
      up: link.flags.includes('UP'),
      carrier,
      speed: carrier && isReal ? await this.#speed(link.ifname) : undefined,
      master: link.master,
      parent: kind === 'vlan' ? (link.link ?? undefined) : undefined,
      vlanId: kind === 'vlan' ? number(options['id']) : undefined,
      group: link.group === undefined || link.group === 'default' ? 0 : Number(link.group),
      addresses: (link.addr_info ?? []).flatMap(addressOf),
      member: member === undefined ? undefined : memberOf(member),
      options,
    };
  }

  /**
   * ip prints the permanent address only where it differs from the present one. Where it does not, the present one is permanent if
   * the NIC brought it along (addr_assign_type 0) or got it back, as a bond gives it back to a member that leaves (3); addresses that
   * were made up (1) or taken from another device (2) are not. See Documentation/ABI/testing/sysfs-class-net.
   */
  async #permanentAddress(link: LinkJson, ofMember: string | undefined): Promise<string | undefined> {
    if (ofMember !== undefined) return ofMember;
    if (link.permaddr !== undefined) return link.permaddr;
    const assigned = await this.#files.read(`/sys/class/net/${link.ifname}/addr_assign_type`);
    return assigned !== undefined && ['0', '3'].includes(assigned.trim()) ? link.address : undefined;
  }

  async #speed(name: string): Promise<number | undefined> {
    try {
      const speed = Number(await this.#files.read(`/sys/class/net/${name}/speed`));
      return speed > 0 ? speed : undefined;
    } catch {
      // Reading it is an error (EINVAL) where the driver does not know, as with some virtual NICs: an ordinary state.
      return undefined;
    }
  }
}

function parseLinks(output: string): readonly LinkJson[] {
  try {
    // Namesakes in other namespaces aside, ip prints `{}` for links that vanish while it reads.
    const entries = z.array(z.unknown()).parse(JSON.parse(output === '' ? '[]' : output));
    return entries.filter((entry) => JSON.stringify(entry) !== '{}').map((entry) => linkJson.parse(entry));
  } catch (cause) {
    throw new ApplianceError('engine-failed', 'ip printed something that is no list of links.', { cause });
  }
}

function kindOf(link: LinkJson): string {
  if (link.link_type === 'loopback') return 'loopback';
  return link.linkinfo?.info_kind ?? (link.link_type === 'ether' ? 'physical' : (link.link_type ?? 'unknown'));
}

function addressOf(entry: z.infer<typeof addressJson>): readonly AddressFact[] {
  if (entry.local === undefined || (entry.family !== 'inet' && entry.family !== 'inet6')) return [];
  const family = entry.family === 'inet' ? 4 : 6;
  return [
    {
      address: entry.local,
      prefix: entry.prefixlen ?? (family === 4 ? 32 : 128),
      family,
      dynamic: entry.dynamic ?? false,
      tentative: entry.tentative ?? false,
      dadFailed: entry.dadfailed ?? false,
    },
  ];
}

function memberOf(data: Readonly<Record<string, unknown>>): MemberFact {
  return {
    active: data['state'] === 'ACTIVE',
    working: data['mii_status'] === 'UP',
    failures: number(data['link_failure_count']) ?? 0,
    aggregator: number(data['ad_aggregator_id']),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
