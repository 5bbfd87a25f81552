import { type Destination, portOf } from '../settings/forwarding-schema.js';
import { engineName } from '../settings/render-forwarding.js';

/** What rsyslogd wrote to the journal. */
export interface EngineMessage {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly text: string;
}

/** Of no use to somebody who looks for a reason. */
const idle =
  /action '[^']+' resumed|journal files changed|exiting on signal|\] start$|^queue "|TLS Connection initiated|Information, |terminated successfully|config validation|Destructing|imjournal: (?:journal|No statefile)/;

/** `nsd_ossl: TLS Connection initiated with remote syslog server '192.0.2.14'.` */
const remote = /(?:remote syslog server|syslog client|remote|peer) '([^']+)'/;

/** What rsyslogd says is not about the receiver, only that it did not work. */
const consequence = /^action '[^']+' suspended|SSL_ERROR_\w+ Error in|no working target servers|became unavailable/;

/** Says that it failed; a message just before may say why. Attempts come every 30 s at least. */
const vague = /OpenSSL Error Stack|Handshake failed with error code/;
const attemptMs = 35_000;

/** `journalctl --output=json` of rsyslogd's unit, oldest first. */
export function parseEngineMessages(text: string): readonly EngineMessage[] {
  return text.split('\n').flatMap((line) => {
    if (line === '') return [];
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return [];
    const { MESSAGE: message, __REALTIME_TIMESTAMP: at }: Readonly<Record<string, unknown>> = { ...value };
    if (typeof message !== 'string') return [];
    return [{ at: Math.floor(Number(at) / 1_000), text: plain(message) }];
  });
}

/** In one line, without the link to a web page at the end. */
function plain(message: string): string {
  return message
    .replace(/ *\[v8\.[^\]]*\]\s*$/, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/**
 * The newest message about a destination that tells a reason. rsyslogd names the receiver or the action in most; its TLS
 * messages name neither, and are taken for those of the only destination of protocol tls, or of the receiver that was named before.
 */
export function lastErrorOf(
  name: string,
  destination: Destination,
  messages: readonly EngineMessage[],
  usersOfTls: number,
): EngineMessage | undefined {
  const about = messages.filter((_, index) => isAbout(name, destination, messages, index, usersOfTls));
  const newest = about.at(-1);
  const telling = about.findLast(({ text }) => !vague.test(text));
  if (newest === undefined || telling === undefined) return newest;
  return newest.at - telling.at <= attemptMs ? telling : newest;
}

function isAbout(
  name: string,
  destination: Destination,
  messages: readonly EngineMessage[],
  index: number,
  usersOfTls: number,
): boolean {
  const text = messages[index]?.text ?? '';
  const engine = engineName(name);
  if (idle.test(text) || consequence.test(text)) return false;
  if (text.includes(`'${engine}'`) || text.includes(`${destination.host}:${portOf(destination)}`)) return true;
  if (destination.protocol !== 'tls' || !isAboutTls(text)) return false;
  if (usersOfTls === 1) return true;
  // it names the receiver with which it talks here or just before
  const named = messages.slice(0, index + 1).findLast((earlier) => remote.test(earlier.text));
  return named !== undefined && remote.exec(named.text)?.[1] === destination.host;
}

function isAboutTls(text: string): boolean {
  return /certificate|TLS|SSL|x509|ossl|peer name/i.test(text);
}
