import { parseUnitFile, unitValues } from '#network/networkd/unit-file.js';
import { showLinks } from '#network/system/link-reader.js';
import type { ScriptedSystem } from '@gemel/core/testing';

interface KernelLink {
  readonly index: number;
  readonly kind: 'physical' | 'bond' | 'vlan';
  readonly hardwareAddress: string;
  readonly permanentAddress: string | undefined;
  mtu: number;
  group: number;
  up: boolean;
  master: string | undefined;
  readonly parent: string | undefined;
  readonly options: Record<string, unknown>;
  /** Address with prefix, and whether networkd put it there. */
  readonly addresses: Map<string, 'networkd' | 'other'>;
  file: string | undefined;
}

const folder = '/run/systemd/network';
const bondDefaults = {
  miimon: 0,
  updelay: 0,
  downdelay: 0,
  peer_notify_delay: 0,
  arp_interval: 0,
  arp_missed_max: 2,
  arp_validate: null,
  arp_all_targets: 'any',
};
const moreDefaults = {
  primary_reselect: 'always',
  fail_over_mac: 'none',
  xmit_hash_policy: 'layer2',
  resend_igmp: 1,
  num_peer_notif: 1,
};
const lastDefaults = {
  all_slaves_active: 0,
  min_links: 0,
  lp_interval: 1,
  packets_per_slave: 1,
  ad_lacp_rate: 'slow',
  ad_select: 'stable',
  tlb_dynamic_lb: 1,
};

/**
 * A kernel with a systemd-networkd as far as an apply can see them, with the habits that were found in systemd 257: an existing bond is never
 * changed, a removed .netdev file removes nothing, a bond that is deleted is made again at a reload, and addresses of others stay.
 */
export class ScriptedKernel {
  readonly links = new Map<string, KernelLink>();
  /** Links that networkd only configures when it is asked to, once. */
  readonly deaf = new Set<string>();
  #nextIndex = 2;

  constructor(nics: readonly string[]) {
    nics.forEach((name, number) => {
      const hardwareAddress = `52:54:00:77:00:0${number}`;
      this.#add(name, {
        kind: 'physical',
        hardwareAddress,
        permanentAddress: hardwareAddress,
        parent: undefined,
        options: {},
      });
    });
  }

  /** Makes the programs and services of `system` act on this kernel. */
  attach(system: ScriptedSystem): void {
    system.units.add('systemd-networkd.service', 'active');
    system.commands.always([...showLinks], () =>
      JSON.stringify([...this.links].map(([name, link]) => this.#describe(name, link))),
    );
    system.commands.always(['ip', '-force', '-batch', '-'], (_argv, { input = '' }) => this.#batch(input));
    const network1 = 'org.freedesktop.network1';
    system.dbus.reply(network1, `${network1}.Manager.Reload`, () => this.#reload(system));
    system.dbus.reply(network1, `${network1}.Manager.ReconfigureLink`, ({ arguments: [index] = [] }) => {
      for (const [name, link] of this.links) if (link.index === index) this.#configure(name, link, filesOf(system));
      return [];
    });
    system.dbus.reply(network1, `${network1}.Manager.Describe`, () => [
      JSON.stringify({
        Interfaces: [...this.links].map(([Name, link]) => ({
          Index: link.index,
          Name,
          AdministrativeState: link.file === undefined ? 'unmanaged' : 'configured',
          NetworkFile: link.file,
        })),
      }),
    ]);
  }

  /** What a test compares: everything that matters of every link, by name. */
  get picture(): Readonly<Record<string, unknown>> {
    const entries = [...this.links].map(([name, { kind, mtu, master, parent, options, addresses, up }]) => [
      name,
      {
        kind,
        mtu,
        master,
        parent,
        up,
        mode: options['mode'],
        primary: options['primary'],
        id: options['id'],
        lp: options['lp_interval'],
        addresses: [...addresses.keys()].toSorted(),
      },
    ]);
    return Object.fromEntries(entries);
  }

  /** networkd was restarted: it takes every address it finds for somebody else's. */
  restartNetworkd(): void {
    for (const link of this.links.values())
      for (const address of link.addresses.keys()) link.addresses.set(address, 'other');
  }

  #add(
    name: string,
    special: Pick<KernelLink, 'kind' | 'hardwareAddress' | 'permanentAddress' | 'parent' | 'options'>,
  ): KernelLink {
    const link = {
      index: this.#nextIndex++,
      mtu: 1500,
      group: 0,
      up: true,
      master: undefined,
      addresses: new Map(),
      file: undefined,
      ...special,
    };
    this.links.set(name, link);
    return link;
  }

  #describe(name: string, link: KernelLink): unknown {
    const isMember = link.master !== undefined;
    const linkinfo = {
      ...(link.kind === 'physical' ? {} : { info_kind: link.kind, info_data: link.options }),
      ...(isMember
        ? {
            info_slave_kind: 'bond',
            info_slave_data: { state: 'ACTIVE', mii_status: 'UP', perm_hwaddr: link.permanentAddress },
          }
        : {}),
    };
    return {
      ifindex: link.index,
      ifname: name,
      ...(link.parent === undefined ? {} : { link: link.parent }),
      ...(isMember ? { master: link.master } : {}),
      flags: link.up ? ['UP', 'LOWER_UP'] : [],
      mtu: link.mtu,
      max_mtu: 65535,
      group: link.group === 0 ? 'default' : String(link.group),
      link_type: 'ether',
      address: link.hardwareAddress,
      ...(link.permanentAddress === undefined ? {} : { permaddr: link.permanentAddress }),
      linkinfo,
      addr_info: [...link.addresses.keys()].map((text) => {
        const [local, prefix] = text.split('/');
        return { family: text.includes(':') ? 'inet6' : 'inet', local, prefixlen: Number(prefix) };
      }),
    };
  }

  #batch(input: string): string {
    for (const line of input.trim().split('\n')) {
      const words = line.split(' ');
      const name = line.startsWith('address') ? (words[4] ?? '') : (words[3] ?? '');
      if (line.startsWith('link delete')) this.#delete(name);
      else if (line.startsWith('address delete')) this.links.get(name)?.addresses.delete(words[2] ?? '');
      else if (line.includes('lp_interval'))
        Object.assign(this.links.get(name)?.options ?? {}, { lp_interval: Number(words.at(-1)) });
      else throw new Error(`this kernel knows no: ip ${line}`);
    }
    return '';
  }

  #delete(name: string): void {
    this.links.delete(name);
    for (const [other, link] of this.links) {
      if (link.master === name) link.master = undefined;
      if (link.parent === name) this.#delete(other);
    }
  }

  #reload(system: ScriptedSystem): readonly unknown[] {
    const files = filesOf(system);
    for (const [path, text] of files) {
      if (!path.endsWith('.netdev')) continue;
      const sections = parseUnitFile(text);
      const value = (section: string, key: string) => unitValues(sections, section, key)[0];
      const name = value('NetDev', 'Name') ?? '';
      if (this.links.has(name) || value('NetDev', 'Kind') !== 'bond') continue;
      const options = {
        ...bondDefaults,
        ...moreDefaults,
        ...lastDefaults,
        mode: value('Bond', 'Mode'),
        miimon: Number.parseInt(value('Bond', 'MIIMonitorSec') ?? '0', 10),
      };
      const hardwareAddress = value('NetDev', 'MACAddress') ?? '';
      this.#add(name, { kind: 'bond', hardwareAddress, permanentAddress: undefined, parent: undefined, options });
    }
    for (const [name, link] of [...this.links]) this.#configure(name, link, files);
    return [];
  }

  #configure(name: string, link: KernelLink, files: ReadonlyMap<string, string>): void {
    if (this.deaf.delete(name)) return;
    const found = [...files].find(([path, text]) => path.endsWith('.network') && matches(name, link, text));
    link.file = found?.[0];
    const sections = parseUnitFile(found?.[1] ?? '');
    const value = (section: string, key: string) => unitValues(sections, section, key)[0];
    const wanted = new Set(unitValues(sections, 'Network', 'Address'));
    for (const [address, owner] of link.addresses)
      if (owner === 'networkd' && !wanted.has(address)) link.addresses.delete(address);
    for (const address of wanted) link.addresses.set(address, 'networkd');
    if (found === undefined) {
      link.master = undefined;
      return;
    }
    link.group = Number(value('Link', 'Group'));
    link.up = value('Link', 'ActivationPolicy') !== 'always-down';
    link.mtu = Number(value('Link', 'MTUBytes') ?? link.mtu);
    const bond = value('Network', 'Bond');
    link.master = bond !== undefined && this.links.has(bond) ? bond : undefined;
    if (link.master !== undefined) link.mtu = this.links.get(link.master)?.mtu ?? link.mtu;
    if (link.master !== undefined && value('Network', 'PrimarySlave') === 'yes')
      Object.assign(this.links.get(link.master)?.options ?? {}, { primary: name });
    for (const vlan of unitValues(sections, 'Network', 'VLAN')) this.#makeVlan(vlan, name, link, files);
  }

  #makeVlan(name: string, parent: string, { hardwareAddress }: KernelLink, files: ReadonlyMap<string, string>): void {
    const text = files.get(`${folder}/20-gemel-${name}.netdev`);
    if (text === undefined || this.links.has(name)) return;
    const id = Number(unitValues(parseUnitFile(text), 'VLAN', 'Id')[0]);
    const link = this.#add(name, {
      kind: 'vlan',
      hardwareAddress,
      permanentAddress: undefined,
      parent,
      options: { id },
    });
    this.#configure(name, link, files);
  }
}

function filesOf(system: ScriptedSystem): ReadonlyMap<string, string> {
  return new Map(Object.entries(system.files.contents(folder)));
}

function matches(name: string, link: KernelLink, text: string): boolean {
  const sections = parseUnitFile(text);
  const [permanent] = unitValues(sections, 'Match', 'PermanentMACAddress');
  return permanent === undefined
    ? unitValues(sections, 'Match', 'Name')[0] === name
    : permanent === link.permanentAddress;
}
