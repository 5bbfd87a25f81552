import { ApplianceError, type CommandRunner } from '@gemel/core/sdk';

export interface Query {
  /** Without interface unless link-local. */
  readonly address: string;
  readonly port: number;
  /** Encrypted, with the certificate checked for this name or address. */
  readonly tlsName: string | undefined;
  /** Asked for its name servers. */
  readonly domain: string;
}

export type Answer =
  | { readonly kind: 'answer'; readonly rcode: string; readonly latencyMs: number }
  | { readonly kind: 'silence'; readonly reason: string }
  /** It could not be asked, which says nothing about the server. */
  | { readonly kind: 'unasked'; readonly reason: string };

/** Two tries of this length, so that one lost datagram is not a failure. */
const trySeconds = 2;
const tries = 2;

/**
 * Asks one server with kdig. resolved cannot be told which server to ask, and core has no internet sockets: the host runs kdig
 * without privileges, outside core.
 */
export async function queryServer(commands: CommandRunner, query: Query, signal?: AbortSignal): Promise<Answer> {
  const tls = query.tlsName === undefined ? [] : ['+tls-ca', `+tls-hostname=${query.tlsName}`];
  try {
    const { stdout, stderr } = await commands.run(
      [
        ...(['kdig', `@${query.address}`, '-p', String(query.port)] as const),
        ...tls,
        ...[query.domain, 'NS', `+timeout=${trySeconds}`, `+retry=${tries - 1}`],
      ],
      { timeoutMs: 15_000, ...(signal === undefined ? {} : { signal }) },
    );
    return parseKdig(stdout, stderr);
  } catch (failure) {
    if (failure instanceof ApplianceError && failure.code !== 'cancelled')
      return { kind: 'unasked', reason: failure.message };
    throw failure;
  }
}

/** Formats of kdig 3.4: `status: NOERROR` and `From 192.0.2.1@53(UDP) in 5.3 ms`, or `;; WARNING: …` lines on stderr. */
export function parseKdig(stdout: string, stderr: string): Answer {
  const rcode = /status: ([A-Z0-9]+)/.exec(stdout)?.[1];
  const latency = /^;; From .* in ([\d.]+) ms$/m.exec(stdout)?.[1];
  if (rcode !== undefined && latency !== undefined) return { kind: 'answer', rcode, latencyMs: Number(latency) };
  const warnings = [...stderr.matchAll(/^;; (?:WARNING|ERROR): (.*)$/gm)].map((match) => match[1] ?? '');
  const warning = warnings.find((text) => !text.startsWith('failed to query')) ?? warnings[0];
  return warning === undefined
    ? { kind: 'unasked', reason: stderr.trim().split('\n').at(-1) || 'kdig said nothing' }
    : { kind: 'silence', reason: silenceReason(warning) };
}

function silenceReason(warning: string): string {
  if (warning.startsWith('response timeout')) return 'no answer';
  if (warning.startsWith("can't connect")) return 'it refuses the connection';
  if (warning.startsWith("can't send query")) return 'there is no route to it';
  if (warning.includes('handshake failed'))
    return `its TLS certificate is not accepted (${warning.replace(/^.*\((.*)\)$/, '$1')})`;
  return warning;
}
