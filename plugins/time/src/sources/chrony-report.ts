import { ApplianceError } from '@gemel/core/sdk';
import type { ChronyText } from '../system/chrony.js';
import type { NtpServerStatus, ServerState } from './time-status.js';

/**
 * The answer to `chronyc -c -N -m 'sources -a' 'selectdata -a' 'authdata -a' tracking`: four reports without separators, each
 * of one row per source in the same order, the last of a single row. Columns as in chronyc(1), checked with chrony 4.6.1.
 */
export interface ChronyReport {
  readonly servers: readonly NtpServerStatus[];
  /** False while chrony says that the clock follows no source. */
  readonly synchronised: boolean;
  readonly stratum: number;
  /** How far the system clock is ahead of NTP time; chronyc's own figure is positive when it is behind. */
  readonly offsetSeconds: number;
}

/** In the first column of `sources`: server, peer, reference clock. */
const sourceModes = new Set(['^', '=', '#']);
const trackingColumns = 14;
const selectColumns = 18;
const authColumns = 10;
/** chronyc prints this for "never". */
const never = 4_294_967_295;

export function parseChronyReport({ named, numeric }: ChronyText): ChronyReport {
  const rows = splitRows(named);
  const sources = rows.filter(([mode = '', state = '']) => sourceModes.has(mode) && state.length === 1);
  const rest = rows.filter((row) => !sources.includes(row));
  const tracking = rest.find((row) => row.length === trackingColumns);
  const selection = rest.filter((row) => row.length === selectColumns);
  const authentication = rest.filter((row) => row.length === authColumns);
  if (tracking === undefined) throw new ApplianceError('engine-failed', 'chrony: chronyc gave no tracking report.');
  const addresses = splitRows(numeric).map((row) => row[2] ?? '');
  const servers = sources.map((source, index) => ({
    ...parseServer(source, selection[index] ?? [], authentication[index] ?? []),
    address: addresses.length === sources.length ? parseAddress(addresses[index]) : null,
  }));
  return {
    servers: withoutSpares(servers),
    synchronised: tracking[13] !== 'Not synchronised',
    stratum: number(tracking[2]),
    offsetSeconds: -number(tracking[4]),
  };
}

function splitRows(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(','));
}

/** chronyc prints `ID#…` for a name that has no address yet. */
function parseAddress(text: string | undefined): string | null {
  return text === undefined || text === '' || text.startsWith('ID#') ? null : text;
}

/** chrony keeps unresolved spares for a pool. One without address says enough, and none when others of the pool have one. */
function withoutSpares(servers: readonly NtpServerStatus[]): readonly NtpServerStatus[] {
  const resolved = new Set(servers.filter(({ address }) => address !== null).map(({ name }) => name));
  const shown = new Set<string>();
  return servers.filter(({ name, address }) => {
    if (address !== null) return true;
    if (resolved.has(name) || shown.has(name)) return false;
    shown.add(name);
    return true;
  });
}

function parseServer(
  source: readonly string[],
  selection: readonly string[],
  auth: readonly string[],
): Omit<NtpServerStatus, 'address'> {
  const [, mark = '?', name = '', stratum, poll, reach = '0', lastAnswer, offset, , error] = source;
  const answered = countAnswers(reach);
  const seconds = number(lastAnswer);
  const measured = seconds !== never;
  return {
    name,
    state: serverState(mark, selection[0] ?? ''),
    stratum: number(stratum),
    pollSeconds: 2 ** number(poll),
    answered,
    lastAnswerSeconds: measured ? seconds : null,
    offsetSeconds: measured ? number(offset) : null,
    errorSeconds: measured ? number(error) : null,
    nts: ntsState(auth),
  };
}

/** `reach` is a register of the last eight requests in octal, the newest in the lowest bit. */
function countAnswers(reach: string): number {
  return Number.parseInt(reach, 8).toString(2).replaceAll('0', '').length;
}

/** `sources` names the six states an administrator knows, `selectdata` the reason behind "not used". */
function serverState(mark: string, selection: string): ServerState {
  if (mark === '*') return 'selected';
  if (mark === '+') return 'combined';
  if (mark === 'x') return 'false-ticker';
  if (mark === '~') return 'unstable';
  switch (selection) {
    case 'M':
      return 'no-answer';
    case 's':
      return 'unsynchronised';
    case 'd':
    case 'S':
      return 'too-uncertain';
    case 'T':
    case 'W':
    case 'w':
      return 'waiting';
    default:
      return mark === '-' ? 'candidate' : 'no-answer';
  }
}

function ntsState([, mode, key, , , , attempts]: readonly string[]): NtpServerStatus['nts'] {
  if (mode !== 'NTS') return 'off';
  if (number(key) > 0 && number(attempts) === 0) return 'established';
  return number(attempts) > 0 ? 'failed' : 'pending';
}

function number(text: string | undefined): number {
  const value = Number(text);
  return Number.isFinite(value) ? value : 0;
}
