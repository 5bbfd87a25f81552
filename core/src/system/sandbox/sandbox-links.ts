import type { FileStore } from '../../sdk/system.js';
import { type EngineFile, lastValue, parseEngineFile } from './engine-file.js';
import { bondKey, bondOptions } from './model-bond.js';

const folder = '/run/systemd/network';
/** The last byte of a NIC's hardware address is its number. 02: set by software; 67:65:6d is "gem". */
const addressPrefix = '02:67:65:6d:00:';

interface ModelLink {
  readonly name: string;
  readonly index: number;
  readonly kind: 'loopback' | 'nic' | 'bond' | 'vlan';
  readonly hardwareAddress: string;
  /** Of a bond or VLAN: its .netdev, as it was when the link was made. Like networkd, the model never changes such a link by it. */
  netdev: EngineFile;
  parent: string | undefined;
  network: EngineFile | undefined;
  networkFile: string | undefined;
}

/**
 * Four NICs with a cable each, and the bonds and VLANs that the rendered files ask for. A model of what networkd and the kernel
 * would do, for looking at; no link of the machine is read or changed.
 */
export class SandboxLinks {
  readonly #links = new Map<string, ModelLink>();
  #nextIndex = 1;

  constructor() {
    this.#add('lo', 'loopback', '00:00:00:00:00:00');
    for (let number = 0; number < 4; number++) this.#add(`eth${number}`, 'nic', `${addressPrefix}0${number}`);
  }

  /** What sysfs says of the NICs, by path. */
  sysFiles(): Readonly<Record<string, string>> {
    const nics = [...this.#links.values()].filter((link) => link.kind === 'nic');
    return Object.fromEntries(
      nics.flatMap(({ name, index, hardwareAddress }) => [
        [`/sys/class/net/${name}/addr_assign_type`, '0\n'],
        [`/sys/class/net/${name}/address`, `${hardwareAddress}\n`],
        [`/sys/class/net/${name}/ifindex`, `${index}\n`],
        [`/sys/class/net/${name}/speed`, '1000\n'],
      ]),
    );
  }

  /** As `networkctl reload`: makes the missing bonds and VLANs and gives every link its file. */
  async reload(files: FileStore): Promise<void> {
    const names = await files.list(folder);
    const read = async (name: string) => parseEngineFile((await files.read(`${folder}/${name}`)) ?? '');
    for (const name of names.filter((each) => each.endsWith('.netdev'))) this.#make(await read(name));
    const networks = new Map<string, EngineFile>();
    for (const name of names.filter((each) => each.endsWith('.network'))) networks.set(name, await read(name));
    for (const link of this.#links.values()) {
      const found = [...networks].find(([, network]) => fits(network, link));
      link.network = found?.[1];
      link.networkFile = found === undefined ? undefined : `${folder}/${found[0]}`;
    }
    for (const link of this.#links.values()) {
      for (const vlan of link.network?.get('Network.VLAN') ?? []) {
        const child = this.#links.get(vlan);
        if (child !== undefined) child.parent = link.name;
      }
    }
  }

  /** @returns false when there is no such bond or VLAN. */
  delete(name: string): boolean {
    const kind = this.#links.get(name)?.kind;
    return (kind === 'bond' || kind === 'vlan') && this.#links.delete(name);
  }

  /** `ip link set dev NAME type bond OPTION VALUE`. @returns false when there is no such bond or option. */
  setBondOption(name: string, option: string, value: string): boolean {
    const link = this.#links.get(name);
    const key = bondKey(option);
    if (link?.kind !== 'bond' || key === undefined) return false;
    link.netdev = new Map([...link.netdev, [`Bond.${key}`, [value]]]);
    return true;
  }

  /** `ip -json -details address show` */
  addressShow(): string {
    return JSON.stringify(this.#present().map((link) => this.#printed(link)));
  }

  /** networkd's description of its links. */
  describe(): string {
    const interfaces = this.#present().map((link) => ({
      Index: link.index,
      Name: link.name,
      AdministrativeState: link.network === undefined ? 'unmanaged' : 'configured',
      OperationalState: this.#isUp(link) ? 'routable' : 'off',
      // Undefined is left out of the JSON text.
      NetworkFile: link.networkFile,
    }));
    return JSON.stringify({ Interfaces: interfaces });
  }

  /** A VLAN exists once a link below it asks for it. */
  #present(): readonly ModelLink[] {
    return [...this.#links.values()].filter((link) => link.kind !== 'vlan' || link.parent !== undefined);
  }

  #add(name: string, kind: ModelLink['kind'], hardwareAddress: string, netdev: EngineFile = new Map()): void {
    const index = this.#nextIndex++;
    const empty = { parent: undefined, network: undefined, networkFile: undefined };
    this.#links.set(name, { name, index, kind, hardwareAddress, netdev, ...empty });
  }

  #make(netdev: EngineFile): void {
    const name = lastValue(netdev, 'NetDev.Name');
    const kind = lastValue(netdev, 'NetDev.Kind');
    if (name === undefined || this.#links.has(name) || (kind !== 'bond' && kind !== 'vlan')) return;
    const entered = lastValue(netdev, 'NetDev.MACAddress');
    const made = `${addressPrefix}${this.#nextIndex.toString(16).padStart(2, '0')}`;
    this.#add(name, kind, entered === undefined || entered === 'none' ? made : entered, netdev);
  }

  #isUp(link: ModelLink): boolean {
    if (link.kind === 'loopback') return true;
    if (link.network === undefined || lastValue(link.network, 'Link.ActivationPolicy') === 'always-down') return false;
    if (link.kind === 'bond') return this.#members(link.name).length > 0;
    const parent = link.parent === undefined ? undefined : this.#links.get(link.parent);
    return link.kind === 'nic' || (parent !== undefined && this.#isUp(parent));
  }

  #members(bond: string): readonly ModelLink[] {
    return [...this.#links.values()].filter((link) => masterOf(link) === bond && link.kind === 'nic');
  }

  #printed(link: ModelLink): Readonly<Record<string, unknown>> {
    const bond = this.#links.get(masterOf(link) ?? '');
    const master = bond?.kind === 'bond' ? bond : undefined;
    const isLoopback = link.kind === 'loopback';
    const flags = [isLoopback ? 'LOOPBACK' : 'BROADCAST', ...(this.#isUp(link) ? ['UP', 'LOWER_UP'] : [])];
    const mtu = lastValue((master ?? link).network ?? new Map(), 'Link.MTUBytes');
    return {
      ifindex: link.index,
      ifname: link.name,
      ...(link.parent === undefined ? {} : { link: link.parent }),
      ...(master === undefined ? {} : { master: master.name }),
      flags: [...flags, ...(master === undefined ? [] : ['SLAVE'])],
      mtu: Number(mtu ?? (isLoopback ? 65536 : 1500)),
      max_mtu: isLoopback ? 0 : 9216,
      group: lastValue(link.network ?? new Map(), 'Link.Group') ?? 'default',
      link_type: isLoopback ? 'loopback' : 'ether',
      address: master?.hardwareAddress ?? link.hardwareAddress,
      ...(master === undefined ? {} : { permaddr: link.hardwareAddress }),
      ...this.#linkInfo(link, master),
      addr_info: isLoopback ? [address('127.0.0.1/8', false)] : addressesOf(link),
    };
  }

  #linkInfo(link: ModelLink, master: ModelLink | undefined): Readonly<Record<string, unknown>> {
    if (link.kind === 'bond') {
      const primary = this.#members(link.name).find(isPrimary)?.name;
      const data = { ...bondOptions(link.netdev), ...(primary === undefined ? {} : { primary }) };
      return { linkinfo: { info_kind: 'bond', info_data: data } };
    }
    if (link.kind === 'vlan') {
      const id = Number(lastValue(link.netdev, 'VLAN.Id'));
      return { linkinfo: { info_kind: 'vlan', info_data: { protocol: '802.1Q', id } } };
    }
    if (master === undefined) return {};
    const members = this.#members(master.name);
    const oneActive = lastValue(master.netdev, 'Bond.Mode') === 'active-backup';
    const active = !oneActive || link === (members.find(isPrimary) ?? members[0]);
    const data = {
      state: active ? 'ACTIVE' : 'BACKUP',
      mii_status: 'UP',
      link_failure_count: 0,
      perm_hwaddr: link.hardwareAddress,
      ...(lastValue(master.netdev, 'Bond.Mode') === '802.3ad' ? { ad_aggregator_id: 1 } : {}),
    };
    return { linkinfo: { info_slave_kind: 'bond', info_slave_data: data } };
  }
}

function fits(network: EngineFile, link: ModelLink): boolean {
  const name = lastValue(network, 'Match.Name');
  const permanent = lastValue(network, 'Match.PermanentMACAddress');
  if (permanent !== undefined) return link.kind === 'nic' && permanent.toLowerCase() === link.hardwareAddress;
  return name === link.name;
}

function masterOf(link: ModelLink): string | undefined {
  return link.network === undefined ? undefined : lastValue(link.network, 'Network.Bond');
}

function isPrimary(link: ModelLink): boolean {
  return link.network !== undefined && lastValue(link.network, 'Network.PrimarySlave') === 'yes';
}

/** Entered addresses, and where a server or router is asked for one, an address for documentation (RFC 5737, RFC 3849). */
function addressesOf(link: ModelLink): readonly Readonly<Record<string, unknown>>[] {
  const entered = [...(link.network?.get('Network.Address') ?? []), ...(link.network?.get('Address.Address') ?? [])];
  const dhcp = link.network === undefined ? 'no' : lastValue(link.network, 'Network.DHCP');
  const leased = dhcp === 'yes' || dhcp === 'ipv4' ? [address(`192.0.2.${100 + link.index}/24`, true)] : [];
  const advertised = link.network !== undefined && lastValue(link.network, 'Network.IPv6AcceptRA') === 'yes';
  const routed = advertised ? [address(`2001:db8::${100 + link.index}/64`, true)] : [];
  return [...entered.map((text) => address(text, false)), ...leased, ...routed];
}

function address(text: string, dynamic: boolean): Readonly<Record<string, unknown>> {
  const [local = '', prefix] = text.split('/');
  const isV6 = local.includes(':');
  const prefixlen = Number(prefix ?? (isV6 ? 128 : 32));
  return { family: isV6 ? 'inet6' : 'inet', local, prefixlen, scope: 'global', ...(dynamic ? { dynamic } : {}) };
}
