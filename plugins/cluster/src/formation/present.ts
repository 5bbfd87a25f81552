import type { CellLike, Report, View } from '@gemel/core/sdk';
import type { ReadinessItem } from '../readiness/node-view.js';
import type { ConnectPreview } from './connection.js';

export function presentReadiness(items: readonly ReadinessItem[]): View {
  return {
    kind: 'table',
    columns: ['', 'Condition', 'How it is', 'What to do'],
    rows: items.map(({ id, ok, text, fix }): CellLike[] => [
      ok ? { text: 'ok', tone: 'ok' } : { text: 'missing', tone: 'bad' },
      id,
      text,
      fix,
    ]),
    empty: '',
  };
}

const tones = { error: 'bad', warning: 'warn', info: 'muted' } as const;

export function presentReports(reports: readonly Report[], empty: string): View {
  if (reports.length === 0) return { kind: 'text', text: empty, tone: 'ok' };
  return { kind: 'group', views: reports.map(({ text, severity }) => ({ kind: 'text', text, tone: tones[severity] })) };
}

export function presentPreview({ address, fingerprint, hostName, lost, readiness }: ConnectPreview): View {
  const fields: [string, CellLike][] = [
    ['Address', address],
    ['Fingerprint', fingerprint],
  ];
  const views: View[] = [{ kind: 'fields', fields }];
  if (hostName === '') {
    const text =
      'Compare the fingerprint with what gemel peer show says on the other node, then give it with user and password.';
    return { kind: 'group', views: [...views, { kind: 'text', text, tone: 'muted' }] };
  }
  fields.push(['Host name', hostName], ['Will be replaced there', { text: lost.join('; '), tone: 'warn' }]);
  return { kind: 'group', views: [...views, presentReadiness(readiness)] };
}
