import type { FileStore, Section } from '@gemel/core/sdk';
import { timeSettings } from '../contract.js';
import { planTime, type TimeApply } from './apply.js';
import { readTimeFacts, type TimeFacts } from './facts.js';
import { renderTime } from './render.js';
import { type TimeSettings, timeSettingsSchema } from './schema.js';
import { verifyTime } from './verify.js';

export function timeSection(engines: TimeApply, files: FileStore): Section<TimeSettings, TimeFacts> {
  return {
    ...timeSettings,
    title: 'Time',
    scope: 'cluster',
    version: 1,
    schema: timeSettingsSchema,
    defaults: () => timeSettingsSchema.parse({}),
    // After network and names: sources are resolved when chrony is told of them.
    order: 60,
    readFacts: () => readTimeFacts(files),
    verify: verifyTime,
    render: ({ settings }) => renderTime(settings),
    plan: planTime,
    apply: (input) => engines.apply(input),
    probe: (input, signal) => engines.probe(input, signal),
  };
}
