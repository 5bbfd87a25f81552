import { z } from 'zod';

export const sensorSchema = z.object({
  sensor: z.string().describe('As the controller calls it.'),
  value: z.number().nullable().describe('Null when it measures nothing now, or is no measure.'),
  unit: z.string().describe('degrees C, RPM, Volts, …; empty for none.'),
  state: z
    .enum(['ok', 'warning', 'critical', 'unknown'])
    .describe('By the limits that the maker gave the controller. `unknown`: no reading.'),
});
export type Sensor = z.output<typeof sensorSchema>;

/** ipmitool(1), sdr: what it prints for the thresholds. */
const states: Readonly<Record<string, Sensor['state']>> = {
  ok: 'ok',
  nc: 'warning',
  unc: 'warning',
  lnc: 'warning',
  cr: 'critical',
  ucr: 'critical',
  lcr: 'critical',
  nr: 'critical',
  unr: 'critical',
  lnr: 'critical',
};

/** Lines `name,value,unit,state` of `ipmitool -c sdr list`. Pure. */
export function parseSensors(text: string): readonly Sensor[] {
  return text.split('\n').flatMap((line) => {
    const [sensor = '', reading = '', unit = '', state] = line.split(',');
    if (state === undefined) return [];
    const measures = reading !== '' && unit !== 'discrete' && !Number.isNaN(Number(reading));
    const measured = measures ? { value: Number(reading), unit } : { value: null, unit: '' };
    return [{ sensor, ...measured, state: states[state.trim()] ?? 'unknown' }];
  });
}
