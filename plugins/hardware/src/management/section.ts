import {
  ApplianceError,
  type ApplyInput,
  type FileStore,
  type Logger,
  type PlanInput,
  type Rendering,
  type Section,
  type SectionPlan,
} from '@gemel/core/sdk';
import { hardwareSettings } from '../contract.js';
import type { OwnUsers } from './own-users.js';
import { type HardwareSettings, hardwareSettingsSchema, type ManagementSettings } from './schema.js';
import { type HardwareFacts, verifyHardware } from './verify.js';

const controller = 'management controller';

export interface HardwareSectionParts {
  readonly files: FileStore;
  readonly own: OwnUsers;
  readonly log: Logger;
  /** Loaded when first used. */
  readonly apply: (settings: ManagementSettings, signal: AbortSignal) => Promise<void>;
}

export function hardwareSection(parts: HardwareSectionParts): Section<HardwareSettings, HardwareFacts> {
  const { files } = parts;
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
    apply: (input, signal) => applyHardware(input, parts, signal),
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
 *
 * INVARIANT: nothing else waits for it. A rollback that failed would keep network, time and all other settings from being changed, so what
 * it does not take then is left to `show`, which says `differs` or `silent`.
 */
async function applyHardware(
  { settings, facts, reason }: ApplyInput<HardwareSettings, HardwareFacts>,
  { apply, own, log }: HardwareSectionParts,
  signal: AbortSignal,
): Promise<void> {
  if (!facts.controller) return;
  if (reason === 'boot') return own.begin(settings.management);
  try {
    await apply(settings.management, signal);
  } catch (failure) {
    if (reason !== 'rollback' || !(failure instanceof ApplianceError) || failure.code === 'cancelled') throw failure;
    log.warn({ reason: failure.message }, 'the management controller did not take its former settings back');
  }
}
