import { type AnyAction, defineAction, type Tone, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import type { Ipmitool } from '../system/ipmitool.js';
import { parseSensors, type Sensor, sensorSchema } from './sensors.js';

const shown = z.object({
  state: z.enum(['none', 'silent', 'answered']).describe('`none`: this device has no management controller.'),
  sensors: z.array(sensorSchema).describe('What the management controller measures.'),
});

/** `gemel hardware sensors`. */
export function sensorActions(ipmitool: Ipmitool): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'hardware.sensors',
      summary: 'Show what the management controller measures: temperatures, fans, voltages.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: shown,
      present,
      async run(_input, { signal }) {
        const answer = await ipmitool.sensors(signal);
        if (answer.kind === 'absent') return { state: 'none' as const, sensors: [] };
        if (answer.kind === 'silent') return { state: 'silent' as const, sensors: [] };
        return { state: 'answered' as const, sensors: [...parseSensors(answer.text)] };
      },
    }),
  ];
}

const tones: Readonly<Record<Sensor['state'], Tone>> = { ok: 'ok', warning: 'warn', critical: 'bad', unknown: 'muted' };

function present({ state, sensors }: z.output<typeof shown>): View {
  if (state === 'none') return { kind: 'text', text: 'This device has no management controller.', tone: 'muted' };
  if (state === 'silent') return { kind: 'text', text: 'The management controller does not answer.', tone: 'bad' };
  return {
    kind: 'table',
    columns: ['Sensor', 'Value', 'State'],
    rows: sensors.map((each) => [
      each.sensor,
      each.value === null ? '-' : `${each.value} ${each.unit}`,
      { text: each.state === 'ok' ? 'OK' : each.state, tone: tones[each.state] },
    ]),
    empty: 'The management controller measures nothing.',
  };
}
