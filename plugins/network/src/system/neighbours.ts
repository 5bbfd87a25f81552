import { ApplianceError, type Clock, type CommandRunner } from '@gemel/core/sdk';
import { z } from 'zod';
import type { LinkFact } from '../settings/facts.js';

/** The kernel asks three times, a second apart, before it gives a neighbour up. */
const answerWithinMs = 3_500;
const lookEveryMs = 100;

const neighbours = z.array(z.object({ state: z.array(z.string()).optional(), lladdr: z.string().optional() }));

/** Under which this appliance may answer itself: a member of a bond has the bond's address and keeps its permanent one. */
export function ownHardwareAddresses(links: readonly LinkFact[]): ReadonlySet<string> {
  return new Set(
    links.flatMap(({ hardwareAddress, permanentAddress }) => [hardwareAddress, permanentAddress ?? hardwareAddress]),
  );
}

/**
 * What answers on a link. Core may not open INET sockets: neighbours are resolved by the kernel over netlink; programs that
 * need other sockets are run outside core by the host.
 */
export class Neighbours {
  readonly #commands: CommandRunner;
  readonly #clock: Clock;

  constructor(commands: CommandRunner, clock: Clock) {
    this.#commands = commands;
    this.#clock = clock;
  }

  /** Asks for the neighbour anew and waits for its answer. */
  async answers(address: string, link: string, signal: AbortSignal): Promise<boolean> {
    await this.#run(['ip', 'neigh', 'flush', 'to', address, 'dev', link], signal);
    // NTF_USE makes the kernel resolve the neighbour as if a packet were on its way.
    const asked = await this.#run(['ip', 'neigh', 'replace', address, 'dev', link, 'use'], signal);
    if (asked.exitCode !== 0) return false;
    const end = this.#clock.monotonic() + answerWithinMs;
    for (;;) {
      const { stdout } = await this.#run(['ip', '-json', 'neigh', 'show', 'to', address, 'dev', link], signal);
      const [entry] = neighbours.parse(JSON.parse(stdout.trim() === '' ? '[]' : stdout));
      if (entry?.lladdr !== undefined && !entry.state?.includes('FAILED')) return true;
      if (entry?.state?.includes('FAILED') || this.#clock.monotonic() >= end) return false;
      await this.#clock.sleep(lookEveryMs, signal);
    }
  }

  /**
   * Hardware address of another host that answers for an IPv4 address, or undefined.
   * @throws ApplianceError `unavailable` when arping cannot run.
   */
  async usurper(
    address: string,
    link: string,
    ownHardwareAddresses: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { stdout, stderr, exitCode } = await this.#run(
      ['arping', '-D', '-c', '2', '-w', '2', '-I', link, address],
      signal,
    );
    const answers = [...stdout.matchAll(/reply from \S+ \[([0-9A-Fa-f:]{17})\]/g)].map(([, found = '']) =>
      found.toLowerCase(),
    );
    // 0: silence, 1: somebody answered; else arping itself failed.
    if (exitCode > 1 || (exitCode === 1 && answers.length === 0)) {
      throw new ApplianceError('unavailable', (stderr || stdout).trim() || `arping ended with ${exitCode}`);
    }
    return answers.find((found) => !ownHardwareAddresses.has(found));
  }

  /** Whether a packet of this size reaches the host and comes back in one piece. */
  async carries(mtu: number, address: string, link: string, signal: AbortSignal): Promise<boolean> {
    // Header lengths: IPv4 20, IPv6 40, ICMP 8.
    const payload = mtu - (address.includes(':') ? 48 : 28);
    const argv = [
      'ping',
      '-n',
      '-q',
      '-M',
      'do',
      '-c',
      '2',
      '-i',
      '0.2',
      '-W',
      '1',
      '-s',
      String(payload),
      '-I',
      link,
      address,
    ] as const;
    return (await this.#run(argv, signal)).exitCode === 0;
  }

  #run(argv: readonly [string, ...string[]], signal: AbortSignal) {
    return this.#commands.run(argv, { signal });
  }
}
