import type { Rendering } from '@gemel/core/sdk';
import type { NtpServer, TimeSettings } from './schema.js';

/**
 * Sources only, so that `chronyc reload sources` is enough: servers that stay keep their measurements, and the clock is not
 * stepped as it may be after a restart of chronyd.
 */
export const sourcesFile = '/run/gemel/chrony/gemel.sources';

export const timedated = 'systemd-timedated';

export function renderTime(settings: TimeSettings): Rendering {
  const lines = Object.entries(settings.servers)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, server]) => serverLine(name, server));
  return {
    files: [{ path: sourcesFile, content: ['# Made by Gemel from the time settings.', ...lines, ''].join('\n') }],
    properties: [{ engine: timedated, name: 'Timezone', value: settings.timeZone }],
  };
}

function serverLine(name: string, server: NtpServer): string {
  return [
    server.pool ? 'pool' : 'server',
    name,
    `minpoll ${server.minPoll} maxpoll ${server.maxPoll}`,
    ...(server.iburst ? ['iburst'] : []),
    ...(server.nts ? ['nts'] : []),
    ...(server.prefer ? ['prefer'] : []),
  ].join(' ');
}
