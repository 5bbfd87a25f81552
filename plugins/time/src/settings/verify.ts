import type { Report, VerifyInput } from '@gemel/core/sdk';
import { timeReports } from '../reports.js';
import type { TimeFacts } from './facts.js';
import type { NtpServer, TimeSettings } from './schema.js';
import { parseServerName } from './server-name.js';

/** A pool yields up to four servers (chrony.conf(5), maxsources). */
const serversPerPool = 4;
/** Two that disagree leave the question open; a third decides it. */
const enoughToDecide = 3;

export function verifyTime({ settings, facts }: VerifyInput<TimeSettings, TimeFacts>): readonly Report[] {
  const servers = Object.entries(settings.servers);
  return [
    ...verifyZone(settings.timeZone, facts),
    ...servers.flatMap(([name, server]) => verifyServer(name, server)),
    ...findDuplicates(servers.map(([name]) => name)),
    ...adviseOnServers(servers.map(([, server]) => server)),
  ];
}

function verifyZone(zone: string, { zones }: TimeFacts): readonly Report[] {
  const known = zones?.has(zone) ?? isZoneOfRuntime(zone);
  return known ? [] : [timeReports.report('time.zone.unknown', { zone }, 'time/timeZone')];
}

/** Stands in for a host without tz database. */
function isZoneOfRuntime(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false; // the constructor throws RangeError for a zone it does not know, and for nothing else here
  }
}

function verifyServer(server: string, { pool, nts, minPoll, maxPoll }: NtpServer): readonly Report[] {
  const path = `time/servers/${server}`;
  const reports: Report[] = [];
  const name = parseServerName(server);
  if (name.kind === 'invalid') reports.push(timeReports.report('time.server.invalid-name', { server }, path));
  if (name.kind === 'address') {
    if (name.unusable !== undefined)
      reports.push(timeReports.report('time.server.own-address', { server, reason: name.unusable }, path));
    if (pool) reports.push(timeReports.report('time.server.pool-address', { server }, `${path}/pool`));
    if (nts) reports.push(timeReports.report('time.server.nts-address', { server }, `${path}/nts`));
  }
  if (minPoll > maxPoll)
    reports.push(timeReports.report('time.server.poll-range', { server, minPoll, maxPoll }, `${path}/minPoll`));
  return reports;
}

function findDuplicates(servers: readonly string[]): readonly Report[] {
  const seen = new Map<string, string>();
  const reports: Report[] = [];
  for (const server of servers) {
    const name = parseServerName(server);
    if (name.kind === 'invalid') continue;
    const other = seen.get(name.canonical);
    if (other === undefined) seen.set(name.canonical, server);
    else reports.push(timeReports.report('time.server.duplicate', { server, other }, `time/servers/${server}`));
  }
  return reports;
}

function adviseOnServers(servers: readonly NtpServer[]): readonly Report[] {
  const reports: Report[] = [];
  const count = servers.reduce((sum, { pool }) => sum + (pool ? serversPerPool : 1), 0);
  if (count > 0 && count < enoughToDecide)
    reports.push(timeReports.report('time.server.few', { count }, 'time/servers'));
  const plain = servers.filter(({ nts }) => !nts).length;
  if (plain > 0 && plain < servers.length)
    reports.push(timeReports.report('time.server.mixed-authentication', { plain }, 'time/servers'));
  return reports;
}
