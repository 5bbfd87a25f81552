import { type CellLike, defineStatus, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { slotNames } from './boot-choice.js';
import { entrySchema, type HistoryEntry, trialSchema } from './trial.js';

const stateObject = () =>
  z.object({
    version: z.string().describe('Version that runs; empty where no image was installed, as on the sandbox.'),
    slot: z.enum(slotNames).nullable().describe('Root slot that runs; null where there are none, as in a container.'),
    trial: trialSchema.nullable().describe('What was installed and not judged yet.'),
    last: entrySchema.nullable().describe('What happened last.'),
  });
export type FirmwareState = z.output<ReturnType<typeof stateObject>>;

/** From files alone, so that the overview costs nothing; `gemel firmware status` also asks RAUC. */
export const firmwareState = defineStatus<FirmwareState>({
  id: 'firmware.state',
  title: 'Firmware',
  schema: z.lazy(stateObject),
  present: (state) => ({ kind: 'fields', fields: stateFields(state) }),
  overview: (state) => {
    const [text, tone] = summary(state);
    return [['Firmware', { text, tone }]];
  },
});

function summary({
  version,
  slot,
  trial,
  last,
}: FirmwareState): readonly [string, 'ok' | 'warn' | 'pending' | 'muted'] {
  if (slot === null) return [`${version === '' ? 'no image' : version}, no slots on this machine`, 'muted'];
  const here = `${version} in slot ${slot}`;
  if (trial?.slot === slot) return [`${here}, first start: not judged yet`, 'pending'];
  if (trial !== null) return [`${here}; ${trial.version} in slot ${trial.slot} is tried at the next start`, 'pending'];
  if (last?.kind === 'fell-back') {
    const what = last.version === '' ? `slot ${last.slot}` : last.version;
    return [`${here}; ${what} was given up: ${last.reason}`, 'warn'];
  }
  return [here, 'ok'];
}

function stateFields(state: FirmwareState): readonly (readonly [string, CellLike])[] {
  const [text, tone] = summary(state);
  return [['Firmware', { text, tone }]];
}

export const firmwareStatusSchema = z.lazy(() =>
  stateObject().extend({
    next: z.enum(slotNames).nullable().describe('Slot that the boot loader takes next; null where there are none.'),
    operation: z.string().describe('What RAUC does; `idle` when nothing.'),
    slots: z
      .array(
        z.object({
          slot: z.enum(slotNames).describe('Which.'),
          running: z.boolean().describe('The one that runs.'),
          good: z.boolean().describe('The boot loader may start it.'),
          version: z.string().nullable().describe('What RAUC installed there; null when it was not RAUC, or nothing.'),
          installedAt: z.string().nullable().describe('When, as RAUC writes it.'),
        }),
      )
      .describe('The root slots, as `rauc status` shows them; empty where there are none.'),
  }),
);
export type FirmwareStatus = z.output<typeof firmwareStatusSchema>;

export function presentFirmwareStatus(status: FirmwareStatus): View {
  const { slots, next, operation } = status;
  const fields = [...stateFields(status), ...(operation === 'idle' ? [] : [['RAUC', operation] as const])];
  const rows = slots.map(({ slot, running, good, version, installedAt }): readonly CellLike[] => [
    slot,
    running ? { text: 'running', tone: 'ok' } : 'not running',
    good ? { text: 'good', tone: 'ok' } : { text: 'bad', tone: 'warn' },
    version ?? (running ? status.version : '-'),
    installedAt ?? '-',
    next === slot ? 'next' : '',
  ]);
  const columns = ['Slot', 'State', 'Boot', 'Version', 'Installed', 'Start'];
  return {
    kind: 'group',
    views: [
      { kind: 'fields', fields },
      { kind: 'table', columns, rows, empty: 'This machine has no firmware slots.' },
    ],
  };
}

const happened: Readonly<Record<HistoryEntry['kind'], string>> = {
  installed: 'installed',
  chosen: 'rolled back by hand',
  good: 'found healthy, marked good',
  'fell-back': 'given up',
};

export function presentHistory(entries: readonly HistoryEntry[]): View {
  return {
    kind: 'table',
    columns: ['When', 'What', 'Version', 'Slot', 'By', 'Reason'],
    rows: entries.map(({ at, kind, version, slot, by, reason }) => [
      new Date(at).toISOString(),
      kind === 'fell-back' ? { text: happened[kind], tone: 'warn' } : happened[kind],
      version === '' ? 'not known' : version,
      slot,
      by,
      reason,
    ]),
    empty: 'Nothing was installed yet.',
  };
}
