import { asApplianceError, type CommandRunner, type ErrorCode, type SystemAccess } from '@gemel/core/sdk';
import type { ConnectionFact, NetworkFacts } from '../settings/facts.js';
import { LinkReader } from './link-reader.js';

/** TCP ports by which operators come in. */
const services: Readonly<Record<string, ConnectionFact['service']>> = { '22': 'ssh', '80': 'web', '443': 'web' };

/** Open connections only add warnings; settings must not wait for them on a machine that has just started. */
const connectionsWithinMs = 3_000;

export const showConnections = ['ss', '-H', '-t', '-n', '-O', 'state', 'established'] as const;

/** Reads all facts of the section. A machine without iproute2 has none, which verify takes as "nothing is known". */
export class FactsReader {
  readonly #links: LinkReader;
  readonly #commands: CommandRunner;

  constructor({ commands, files }: Pick<SystemAccess, 'commands' | 'files'>) {
    this.#links = new LinkReader(commands, files);
    this.#commands = commands;
  }

  async read(signal: AbortSignal): Promise<NetworkFacts> {
    const [links, connections] = await Promise.all([
      unless(['unavailable'], () => this.#links.read(signal)),
      unless(['unavailable', 'timeout'], () => this.#connections(signal)),
    ]);
    return { links: links ?? [], connections: connections ?? [] };
  }

  async #connections(signal: AbortSignal): Promise<readonly ConnectionFact[]> {
    const { stdout, exitCode } = await this.#commands.run([...showConnections], {
      signal,
      timeoutMs: connectionsWithinMs,
    });
    return exitCode === 0 ? parseConnections(stdout) : [];
  }
}

/** Lines of `Recv-Q Send-Q Local:Port Peer:Port`; IPv6 in brackets, link-local with a zone. */
export function parseConnections(output: string): readonly ConnectionFact[] {
  return output.split('\n').flatMap((line) => {
    const [, , local = '', peer = ''] = line.trim().split(/\s+/);
    const [localAddress, localPort] = endpoint(local);
    const [remoteAddress] = endpoint(peer);
    const service = services[localPort];
    return service === undefined ? [] : [{ localAddress, remoteAddress, service }];
  });
}

function endpoint(text: string): readonly [address: string, port: string] {
  const colon = text.lastIndexOf(':');
  return [text.slice(0, Math.max(colon, 0)).replace(/^\[|\]$/g, ''), text.slice(colon + 1)];
}

async function unless<Value>(codes: readonly ErrorCode[], read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (failure) {
    const error = asApplianceError(failure);
    if (codes.includes(error.code)) return undefined;
    throw error;
  }
}
