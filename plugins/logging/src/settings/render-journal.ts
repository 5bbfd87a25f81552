import type { Rendering } from '@gemel/core/sdk';
import { journaldFile } from '../paths.js';
import type { JournalSettings } from './journal-schema.js';

/** A drop-in as in journald.conf(5). */
export function renderJournal(settings: JournalSettings): Rendering {
  const limited = settings.messagesPer30Seconds > 0;
  const lines = [
    '# Made by Gemel from the journal settings.',
    '[Journal]',
    'Storage=persistent',
    `SystemMaxUse=${settings.maxMegabytes}M`,
    // twice what journald would take: rsyslogd asks the size of every file for every entry it reads
    `SystemMaxFileSize=${Math.floor(settings.maxMegabytes / 4)}M`,
    `SystemKeepFree=${settings.keepFreeMegabytes}M`,
    `MaxRetentionSec=${settings.retentionDays === 0 ? '0' : `${settings.retentionDays}day`}`,
    `RateLimitIntervalSec=${limited ? '30s' : '0'}`,
    `RateLimitBurst=${settings.messagesPer30Seconds}`,
    `SyncIntervalSec=${settings.syncSeconds}s`,
    'RuntimeMaxUse=64M',
    '',
  ];
  return { files: [{ path: journaldFile, content: lines.join('\n') }], properties: [] };
}
