import { ApplianceError, type ActionCall, type Report, type SettingsAccess, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { networkSection } from '../contract.js';
import type { LinkFact } from '../settings/facts.js';
import type { NetworkSettings } from '../settings/schema.js';
import { networkReports, reportSchema } from '../reports.js';

/** What every action that edits the draft gives back. */
export const editedSchema = z.object({
  done: z.string().describe('What was changed in the draft'),
  reports: z.array(reportSchema).describe('Verification of the whole draft with the change'),
});

export type Edited = z.infer<typeof editedSchema>;

/** What an action needs beside its input. */
export interface ActionSurroundings {
  readonly settings: SettingsAccess;
  /** The kernel's links now; none when they cannot be read. */
  links(signal: AbortSignal): Promise<readonly LinkFact[]>;
}

/** Changes the draft and says so; the operator activates. */
export async function edit(
  { settings }: ActionSurroundings,
  { caller }: ActionCall,
  done: string,
  change: (settings: NetworkSettings) => NetworkSettings,
): Promise<Edited> {
  const reports = await settings.edit(networkSection, caller, change);
  return {
    done,
    reports: reports
      .filter(({ path, code }) => path.startsWith('network') || code.startsWith('network.'))
      .map(toOutput),
  };
}

export function toOutput(report: Report): z.infer<typeof reportSchema> {
  const { forceCode, params, ...rest } = report;
  return { ...rest, params: { ...params }, ...(forceCode === undefined ? {} : { forceCode }) };
}

/** As `edit`, for changes that have no place in Simple Mode. @throws ApplianceError `conflict` with the remedy. */
export async function editAdvanced(
  around: ActionSurroundings,
  call: ActionCall,
  done: string,
  change: (settings: NetworkSettings) => NetworkSettings,
): Promise<Edited> {
  return edit(around, call, done, (settings) => {
    if (settings.mode === 'simple') {
      const report = networkReports.report(
        'network.mode.simple-with-advanced',
        { what: 'bonds, VLANs, routes and single NICs' },
        'network/mode',
      );
      throw new ApplianceError('conflict', report.text, { reports: [report] });
    }
    return change(settings);
  });
}

export function presentEdited({ done, reports }: Edited): View {
  return {
    kind: 'group',
    views: [
      { kind: 'text', text: done },
      ...(reports.length === 0 ? [] : [presentReports(reports)]),
      { kind: 'text', text: 'Activate with: gemel settings activate', tone: 'muted' },
    ],
  };
}

const tones = { error: 'bad', warning: 'warn', info: 'muted' } as const;

export function presentReports(reports: Edited['reports']): View {
  return {
    kind: 'table',
    columns: ['', 'Report', 'Override'],
    rows: reports.map(({ severity, text, forceCode }) => [
      { text: severity, tone: tones[severity] },
      text,
      forceCode ?? '',
    ]),
    empty: 'Nothing to report.',
  };
}

/** @throws ApplianceError `not-found`, naming what there is. */
export function existing<Entry>(entries: Readonly<Record<string, Entry>>, noun: string, name: string): Entry {
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (entry !== undefined) return entry;
  const names = Object.keys(entries).slice(0, 12);
  const known = names.length === 0 ? `There are no ${noun}s.` : `There are: ${names.join(', ')}.`;
  throw new ApplianceError('not-found', `There is no ${noun} ${name}. ${known}`);
}

/** @throws ApplianceError `conflict` when the name is already taken by a bond, a VLAN or a NIC. */
export function requireFreeName(settings: NetworkSettings, links: readonly LinkFact[], name: string): void {
  const groups = [
    ['bond', settings.bonds],
    ['VLAN', settings.vlans],
    ['NIC', settings.links],
  ] as const;
  const taken =
    groups.find(([, group]) => Object.hasOwn(group, name))?.[0] ??
    (links.some((link) => link.nic && link.name === name) ? 'NIC' : undefined);
  if (taken !== undefined)
    throw new ApplianceError('conflict', `There is already a ${taken} called ${name}. Choose another name.`);
}

/** Without the entry; the other entries are the same objects. */
export function without<Entry>(entries: Readonly<Record<string, Entry>>, name: string): Record<string, Entry> {
  return Object.fromEntries(Object.entries(entries).filter(([key]) => key !== name));
}
