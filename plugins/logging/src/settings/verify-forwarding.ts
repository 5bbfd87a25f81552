import type { X509Certificate } from 'node:crypto';
import { asApplianceError, type Report, type VerifyInput } from '@gemel/core/sdk';
import { loggingReports } from '../reports.js';
import {
  type Destination,
  expectedName,
  type ForwardingSettings,
  isAddress,
  portOf,
  usesTls,
} from './forwarding-schema.js';
import { journalSchema, type JournalSettings } from './journal-schema.js';

export interface ForwardingFacts {
  /** Size of the volume with journal and queues; undefined where it is no disk of its own. */
  readonly volumeMegabytes: number | undefined;
  /** Wall clock, for the life of certificates. */
  readonly now: number;
}

/** Settings, sites and revisions need room, too. */
const shareOfVolume = 0.75;

const label = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;

export function verifyForwarding({
  settings,
  facts,
  document,
}: Pick<VerifyInput<ForwardingSettings, ForwardingFacts>, 'settings' | 'facts' | 'document'>): readonly Report[] {
  const all = Object.entries(settings.destinations);
  return [
    ...all.flatMap(([name, destination]) => verifyDestination(name, destination, facts)),
    ...findDuplicates(all),
    ...verifySpace(settings, document.section<JournalSettings>({ id: 'journal' }), facts),
  ];
}

function verifyDestination(destination: string, settings: Destination, facts: ForwardingFacts): readonly Report[] {
  const { host, protocol, tls } = settings;
  const path = `log-forwarding/destinations/${destination}`;
  const reports: Report[] = [];
  if (!isHost(host))
    reports.push(loggingReports.report('logging.destination.invalid-host', { destination, host }, `${path}/host`));
  else if (/^(127\.|::1$|localhost$)/i.test(host))
    reports.push(loggingReports.report('logging.destination.own-address', { destination, host }, `${path}/host`));
  if (usesTls(settings)) return [...reports, ...verifyTls(destination, settings, facts, path)];
  reports.push(loggingReports.report('logging.destination.in-clear', { destination, protocol }, `${path}/protocol`));
  if (Object.values(tls).some((value) => value !== undefined))
    reports.push(loggingReports.report('logging.destination.tls-unused', { destination, protocol }, `${path}/tls`));
  return reports;
}

function isHost(host: string): boolean {
  if (host.includes(':')) return /^[0-9A-Fa-f:.]+$/.test(host);
  if (/^[0-9.]+$/.test(host)) return isAddress(host) && host.split('.').every((part) => Number(part) <= 255);
  return host
    .replace(/\.$/, '')
    .split('.')
    .every((part) => label.test(part));
}

function verifyTls(
  destination: string,
  settings: Destination,
  { now }: ForwardingFacts,
  path: string,
): readonly Report[] {
  const { host, tls } = settings;
  const reports: Report[] = [];
  // only where there are certificates: loading it takes as long as a third of core's start
  const crypto = process.getBuiltinModule('node:crypto');
  if (expectedName(settings) === undefined)
    reports.push(loggingReports.report('logging.destination.any-name', { destination, host }, `${path}/tls/name`));
  if ((tls.certificate === undefined) !== (tls.key === undefined)) {
    const [given, missing] = tls.key === undefined ? ['certificate', 'private key'] : ['private key', 'certificate'];
    const params = { destination, given, missing };
    reports.push(loggingReports.report('logging.destination.key-without-certificate', params, `${path}/tls`));
  }
  const certificates = [
    ['ca', 'certificate of the authority', tls.ca],
    ['certificate', 'certificate of this device', tls.certificate],
  ] as const;
  const read: { certificate?: X509Certificate } = {};
  for (const [field, what, pem] of certificates) {
    if (pem === undefined) continue;
    try {
      const parsed = new crypto.X509Certificate(pem);
      if (field === 'certificate') read.certificate = parsed;
      if (Date.parse(parsed.validTo) < now) {
        const params = { destination, what, date: new Date(parsed.validTo).toISOString().slice(0, 10) };
        reports.push(loggingReports.report('logging.destination.certificate-expired', params, `${path}/tls/${field}`));
      }
    } catch (failure) {
      reports.push(unreadable(destination, what, failure, `${path}/tls/${field}`));
    }
  }
  if (tls.key === undefined) return reports;
  try {
    const key = crypto.createPrivateKey(tls.key);
    if (read.certificate?.checkPrivateKey(key) === false)
      reports.push(loggingReports.report('logging.destination.key-differs', { destination }, `${path}/tls/key`));
  } catch (failure) {
    reports.push(unreadable(destination, 'private key', failure, `${path}/tls/key`));
  }
  return reports;
}

function unreadable(destination: string, what: string, failure: unknown, path: string): Report {
  const params = { destination, what, reason: asApplianceError(failure).message };
  return loggingReports.report('logging.destination.certificate-unreadable', params, path);
}

/** rsyslog's figures are kept by address and port, and two queues to one receiver would send each entry twice. */
function findDuplicates(all: readonly (readonly [string, Destination])[]): readonly Report[] {
  const seen = new Map<string, string>();
  return all.flatMap(([destination, settings]) => {
    const network = settings.protocol === 'udp' ? 'udp' : 'tcp';
    const place = `${network} ${settings.host.toLowerCase()} ${portOf(settings)}`;
    const other = seen.get(place);
    if (other === undefined) {
      seen.set(place, destination);
      return [];
    }
    const path = `log-forwarding/destinations/${destination}`;
    return [loggingReports.report('logging.destination.duplicate', { destination, other }, path)];
  });
}

function verifySpace(
  { destinations }: ForwardingSettings,
  journal: JournalSettings | undefined,
  { volumeMegabytes: volume }: ForwardingFacts,
): readonly Report[] {
  const queues = Object.values(destinations).reduce((sum, { queueMegabytes }) => sum + queueMegabytes, 0);
  const kept = (journal ?? journalSchema.parse({})).maxMegabytes;
  if (volume === undefined || queues === 0 || queues + kept <= volume * shareOfVolume) return [];
  const params = { queues, journal: kept, volume };
  return [loggingReports.report('logging.queues.too-large', params, 'log-forwarding/destinations')];
}
