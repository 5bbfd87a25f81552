import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeName } from '../lab/lab-layout.ts';
import { clusterIp, nodeNames, type PairInLab } from './pair-in-lab.ts';

/** What both kernels say of one moment. */
interface Look {
  readonly holdsIp: boolean;
  /** Writes the data volume as a node of a cluster. One that left has a copy of its own, mounted, and so is primary of it. */
  readonly isPrimary: boolean;
  /** What a violation is to be understood by: the phase that the node believes in, and DRBD's own line. */
  readonly standing: string;
}

/** Looks at both nodes again and again, from outside, for what must never be: two holders of the cluster IP, two primaries. */
export class Observer implements AsyncDisposable {
  readonly violations: string[] = [];
  looks = 0;
  readonly #pair: PairInLab;
  readonly #stopped = new AbortController();
  readonly #watching: Promise<void>;
  #during = 'the start';

  constructor(pair: PairInLab) {
    this.#pair = pair;
    this.#watching = this.#watch();
  }

  /** What the violations found from now on are said to belong to. */
  during(what: string): void {
    this.#during = what;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    // In a VM each look costs the guest some tens of milliseconds.
    const pause = this.#pair.kind === 'vm' ? 1_000 : 50;
    while (!this.#stopped.signal.aborted) {
      const [a, b] = await Promise.all(nodeNames.map((node) => this.#look(node)));
      this.looks++;
      // Two looks are never at the same instant: what was moved in between is held by both only until it is looked at again.
      if (a !== undefined && b !== undefined && (await this.#stillBoth(a, b))) await sleep(1_000);
      await sleep(pause);
    }
  }

  async #stillBoth(a: Look, b: Look): Promise<boolean> {
    const suspicious = (one: Look, other: Look) => (one.holdsIp && other.holdsIp) || (one.isPrimary && other.isPrimary);
    if (!suspicious(a, b)) return false;
    const [again, other] = await Promise.all(nodeNames.map((node) => this.#look(node)));
    if (again === undefined || other === undefined || !suspicious(again, other)) return false;
    const what = again.holdsIp && other.holdsIp ? 'both nodes hold the cluster IP' : 'both nodes are DRBD primary';
    this.violations.push(`${what}, during: ${this.#during}; a: ${again.standing}; b: ${other.standing}`);
    return true;
  }

  /** Undefined for a node without power, or that loses it at this moment. */
  async #look(node: NodeName): Promise<Look | undefined> {
    if (!this.#pair.lab.node(node).isOn) return undefined;
    try {
      const script = `ip -o -4 address show to ${clusterIp}; cat /proc/drbd 2>/dev/null; grep '"phase"' /var/lib/gemel/cluster/membership.json || echo no pair; ls /var/lib/gemel/cluster/corosync.conf 2>/dev/null`;
      const { stdout } = await this.#pair.lab.node(node).exec(['sh', '-c', script], { timeoutSeconds: 20 });
      const standing = (stdout.match(/"phase": "\w+"|no pair$|cs:.*ds:\S+/gm) ?? []).join(' ');
      const isPrimary = / ro:Primary\//.test(stdout) && stdout.includes('corosync.conf');
      return { holdsIp: stdout.includes(`${clusterIp}/`), isPrimary, standing };
    } catch {
      return undefined;
    }
  }
}
