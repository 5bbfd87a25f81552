/** What the cluster's acceptance scripts share: two appliances of a lab with their networks set up, and how they become a pair. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hardware, NodeKind, NodeName } from '../lab/lab-layout.ts';
import { Lab } from '../lab/lab.ts';

export const clusterIp = '10.77.0.100';
/** The lab's client; whether it answers shows whether the external network is reached. */
export const reference = '10.77.0.1';
export const nodeNames = ['a', 'b'] as const satisfies readonly NodeName[];

export interface NodeAddresses {
  readonly hostName: string;
  readonly external: string;
  readonly sync: string;
}

export const addresses: Readonly<Record<NodeName, NodeAddresses>> = {
  a: { hostName: 'node1', external: '10.77.0.11', sync: '10.78.0.11' },
  b: { hostName: 'node2', external: '10.77.0.12', sync: '10.78.0.12' },
};

export function otherOf(node: NodeName): NodeName {
  return node === 'a' ? 'b' : 'a';
}

export class PairInLab implements AsyncDisposable {
  readonly lab: Lab;
  readonly kind: NodeKind;
  /** Containers have no bonds of their own: there the first cable of each network is used alone. */
  readonly interfaces: { readonly external: string; readonly sync: string };

  private constructor(lab: Lab, kind: NodeKind) {
    this.lab = lab;
    this.kind = kind;
    this.interfaces = kind === 'vm' ? { external: 'bond0', sync: 'bond1' } : { external: 'enp0s4', sync: 'enp0s6' };
  }

  /** Both networks and the host names are confirmed settings; nothing is clustered. */
  static async up(name: string, kind: NodeKind, hardware: Hardware = 'virt1'): Promise<PairInLab> {
    const pair = new PairInLab(await Lab.up({ name, kind, hardware, nodes: 2 }), kind);
    try {
      await Promise.all(nodeNames.map((node) => pair.setUp(node)));
    } catch (cause) {
      await pair.lab.down();
      throw cause;
    }
    return pair;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.down();
  }

  /** A shell line that must succeed; gives its standard output. */
  async sh(node: NodeName, line: string, seconds = 120): Promise<string> {
    return this.lab.node(node).must(['sh', '-c', line], { timeoutSeconds: seconds });
  }

  async gemel(node: NodeName, ...words: readonly string[]): Promise<string> {
    return this.lab.node(node).must(['gemel', ...words], { timeoutSeconds: 300 });
  }

  async put(node: NodeName, path: string, content: string, mode = '0644'): Promise<void> {
    const script = 'mkdir -p "${1%/*}" && cat > "$1.part" && chmod "$2" "$1.part" && mv -f "$1.part" "$1"';
    await this.lab.node(node).must(['sh', '-c', script, 'sh', path, mode], { input: content });
  }

  /** Who holds the cluster IP, as both kernels say. A node without power holds nothing. */
  async holders(): Promise<readonly NodeName[]> {
    const on = nodeNames.filter((node) => this.lab.node(node).isOn);
    const held = await Promise.all(
      on.map(async (node) => {
        const { stdout } = await this.lab.node(node).exec(['ip', '-o', '-4', 'address', 'show', 'to', clusterIp], {
          timeoutSeconds: 30,
        });
        return stdout.trim() !== '';
      }),
    );
    return on.filter((_, index) => held[index]);
  }

  async active(): Promise<NodeName> {
    const [node, ...more] = await this.holders();
    if (node === undefined || more.length > 0)
      throw new Error(`the cluster IP is held by ${more.length === 0 ? 'nobody' : 'both'}`);
    return node;
  }

  /** Both are members, every resource that is to run runs, nothing failed, and in VMs the data is the same on both. */
  async isRedundant(): Promise<boolean> {
    if (nodeNames.some((node) => !this.lab.node(node).isOn)) return false;
    for (const node of nodeNames) {
      const { code, stdout } = await this.lab
        .node(node)
        .exec(['crm_mon', '-1', '--output-as=xml'], { timeoutSeconds: 60 });
      if (code !== 0 || !isWholePair(stdout)) return false;
    }
    if (this.kind === 'container') return true;
    const { stdout } = await this.lab.node('a').exec(['drbdadm', 'dstate', 'gemel'], { timeoutSeconds: 60 });
    return stdout.trim() === 'UpToDate/UpToDate';
  }

  async redundant(seconds: number): Promise<number> {
    // A look takes an emulated node half a second of its processor, which it needs to become redundant.
    return until('the pair to be redundant', seconds, () => this.isRedundant(), this.kind === 'vm' ? 2_000 : 200);
  }

  async #isActive(node: NodeName, plugin: string): Promise<boolean> {
    const list = await this.gemel(node, 'plugin', 'list', '--json');
    // as the action's output schema says
    const { plugins } = JSON.parse(list) as {
      readonly plugins: readonly { readonly id: string; readonly condition: string }[];
    };
    return plugins.some(({ id, condition }) => id === plugin && condition === 'active');
  }

  /** Networks and host name of a box as it comes from the factory, confirmed. */
  async setUp(node: NodeName): Promise<void> {
    const { hostName, external, sync } = addresses[node];
    await until(
      `core of ${node} to answer`,
      300,
      async () => (await this.lab.node(node).exec(['gemel', 'status'])).code === 0,
    );
    // The first boot of an emulated machine may take longer than plugins are given.
    for (const plugin of ['peer', 'cluster', 'sites'])
      if (!(await this.#isActive(node, plugin))) await this.gemel(node, 'plugin', 'reload', plugin);
    await this.gemel(node, 'network', 'mode', 'set', 'advanced', '--yes');
    if (this.kind === 'vm') {
      const bond = (name: string, members: string, ...more: readonly string[]) =>
        this.gemel(node, 'network', 'bond', 'create', name, '--members', members, ...more);
      const inNetwork = ['--mode', 'active-backup', '--address', `${external}/24`, '--gateway', reference];
      await bond('bond0', 'enp0s4,enp0s5', ...inNetwork);
      // From node to node directly: with active-backup each end might choose the other cable.
      await bond('bond1', 'enp0s6,enp0s7', '--mode', '802.3ad', '--address', `${sync}/24`);
    } else {
      const fixed = ['--ipv4', 'static', '--ipv6', 'none', '--address'];
      await this.gemel(node, 'network', 'link', 'set', 'enp0s4', ...fixed, `${external}/24`, '--gateway', reference);
      await this.gemel(node, 'network', 'link', 'set', 'enp0s6', ...fixed, `${sync}/24`);
    }
    await this.gemel(node, 'device', 'host-name', 'set', hostName);
    await this.gemel(node, 'settings', 'activate', '--comment', 'networks of the pair');
    await this.gemel(node, 'settings', 'confirm');
  }
}

/** Both online, everything runs and nothing is given up on. Read from crm_mon's XML, whose schema is Pacemaker's api-result. */
export function isWholePair(crmMon: string): boolean {
  const nodes = [
    ...crmMon.matchAll(
      /<node name="[^"]*" id="\d+" online="(true|false)" standby="(true|false)"[^>]* pending="(true|false)"/g,
    ),
  ];
  const isUp = ([, online, standby, pending]: RegExpExecArray) =>
    online === 'true' && standby === 'false' && pending === 'false';
  const resources = [...crmMon.matchAll(/<resource id="[^"]*" [^>]*>/g)].map(([element]) => element);
  const runs = (element: string) =>
    !/ role="(Stopped|Starting|Stopping)"| failed="true"| blocked="true"| pending="/.test(element);
  return nodes.length === 2 && nodes.every(isUp) && resources.length > 0 && resources.every(runs);
}

/** Asks again until it holds; gives how long that took, seconds. @throws when it does not within the time. */
export async function until(
  what: string,
  seconds: number,
  holds: () => Promise<boolean>,
  everyMs = 200,
): Promise<number> {
  const began = performance.now();
  while (performance.now() - began < seconds * 1_000) {
    if (await holds()) return (performance.now() - began) / 1_000;
    await sleep(everyMs);
  }
  throw new Error(`waited ${seconds} s for ${what}`);
}

export function labSite(): Promise<string> {
  return readFile(join(import.meta.dirname, 'lab-site.py'), 'utf8');
}
