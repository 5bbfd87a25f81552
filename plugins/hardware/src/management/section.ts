import type { ApplyInput, FileStore, PlanInput, Rendering, Section, SectionPlan } from '@gemel/core/sdk';
import { hardwareSettings } from '../contract.js';
import { type HardwareSettings, hardwareSettingsSchema, type ManagementSettings } from './schema.js';
import { type HardwareFacts, verifyHardware } from './verify.js';

const controller = 'management controller';

type Apply = (settings: ManagementSettings, signal: AbortSignal) => Promise<void>;

/** @param apply Loaded when first used. */
export function hardwareSection(files: FileStore, apply: Apply): Section<HardwareSettings, HardwareFacts> {
  return {
    ...hardwareSettings,
    title: 'Hardware',
    scope: 'hardware',
    version: 1,
    schema: hardwareSettingsSchema,
    defaults: () => hardwareSettingsSchema.parse({}),
    order: 200,
    readFacts: async () => ({ controller: (await files.list('/sys/class/ipmi')).length > 0 }),
    verify: verifyHardware,
    render: ({ settings }) => renderHardware(settings),
    plan: planHardware,
    apply: (input, signal) => applyHardware(input, apply, signal),
    probe: async () => [],
  };
}

function renderHardware({ management }: HardwareSettings): Rendering {
  const { password: _, ...shown } = management;
  const properties = Object.entries(shown).map(([name, value]) => ({ engine: controller, name, value: String(value) }));
  return { files: [], properties };
}

function planHardware({ settings, confirmed }: PlanInput<HardwareSettings, HardwareFacts>): SectionPlan {
  if (JSON.stringify(settings) === JSON.stringify(confirmed)) return { units: [], interruptions: [] };
  const text = 'Who uses the management controller over its network signs in again; the device itself notices nothing.';
  return { units: [], interruptions: [{ subject: controller, kind: 'short', expectedMs: 5_000, text }] };
}

/**
 * A controller keeps its settings without power, so that a start waits for none and does not undo what somebody changed there;
 * `gemel hardware management show` tells the difference. What never was switched on is left as the maker set it.
 */
async function applyHardware(
  { settings, facts, reason }: ApplyInput<HardwareSettings, HardwareFacts>,
  apply: Apply,
  signal: AbortSignal,
): Promise<void> {
  if (reason === 'boot' || !facts.controller) return;
  await apply(settings.management, signal);
}
