import { type AnyAction, ApplianceError, callerFile, defineAction, type Report, type View } from '@gemel/core/sdk';
import { z } from 'zod';
import { type BundleExamination, type Examination } from './bundle/examination.js';
import { needsConfirmation, steps } from './bundle/version-step.js';
import type { FirmwareService } from './firmware-service.js';
import type { Gate } from './gate/judge.js';
import { type Installation, type Installed, requireAgreement } from './install/installation.js';
import type { Rollback } from './install/rollback.js';
import type { PeerFirmware } from './rolling/peer-firmware.js';
import type { RollingUpdate } from './rolling/rolling-update.js';
import { slotNames } from './slots/boot-choice.js';
import { firmwareStatusSchema, presentFirmwareStatus, presentHistory } from './slots/firmware-status.js';
import { entrySchema } from './slots/trial.js';

export interface FirmwareActionParts {
  readonly service: FirmwareService;
  readonly examination: BundleExamination;
  readonly installation: Installation;
  readonly rollback: Rollback;
  readonly gate: Gate;
  /** Undefined where there is no way to another node. */
  readonly there: PeerFirmware | undefined;
  readonly rolling: RollingUpdate | undefined;
}

/** Several times a bundle; what is larger than a slot is refused once it can be read. */
const mostBundleBytes = 4 * 1024 ** 3;

const file = callerFile({ mostBytes: mostBundleBytes })
  .meta({ examples: ['/var/lib/gemel/incoming/gemel-0.2.0.raucb'] })
  .describe('The bundle.');
const confirm = z
  .enum(steps)
  .optional()
  .describe('The step that is agreed to, as gemel firmware inspect shows it; needed for minor, major and older.');
const restart = z
  .enum(['now', 'later'])
  .default('later')
  .describe('When the appliance restarts into it. Later: at the next restart, gemel device reboot.');

const examined = z.object({
  file: z.string().describe('The bundle.'),
  version: z.string().describe('Its version; empty when it could not be read.'),
  running: z.string().describe('The version that runs.'),
  step: z.enum(steps).describe('How far it is from the running version.'),
  question: z.string().describe('What to agree to before it is installed.'),
  slot: z.enum(slotNames).describe('Where it would be written.'),
  reports: z
    .array(z.custom<Report>())
    .describe('What is to be said about it; with an error among them it is not installed.'),
});

const installed = z.object({
  slot: z.enum(slotNames).describe('Where it is.'),
  version: z.string().describe('Its version; empty when it is not known.'),
  restartsAt: z
    .number()
    .nullable()
    .describe('Wall clock of the restart, milliseconds since 1970; null: not by itself.'),
});

/** `gemel firmware …`. */
export function firmwareActions(parts: FirmwareActionParts): readonly AnyAction[] {
  const { service, examination, installation, rollback } = parts;
  return [
    defineAction({
      kind: 'call',
      id: 'firmware.status',
      summary: 'Show which firmware runs, what is in the slots and what comes next.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: firmwareStatusSchema,
      present: presentFirmwareStatus,
      run: () => service.status(),
    }),
    defineAction({
      kind: 'call',
      id: 'firmware.history',
      summary: 'Show what was installed and how it ended, newest first.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: z.object({ entries: z.array(entrySchema).describe('At most 50.') }),
      present: ({ entries }) => presentHistory(entries),
      run: async () => ({ entries: [...(await service.records.history())] }),
    }),
    defineAction({
      kind: 'job',
      id: 'firmware.inspect',
      summary: 'Check a bundle as before an installation: signature, content, hardware, version, size, settings.',
      role: 'operator',
      audited: false,
      input: z.strictObject({ file }),
      output: examined,
      positionals: ['file'],
      present: presentExamination,
      async run(input, { signal, progress }) {
        const booted = await service.firmware.booted();
        const found = await examination.examine(input.file, booted, signal, progress);
        return { ...found, reports: [...found.reports] };
      },
    }),
    defineAction({
      kind: 'job',
      id: 'firmware.install',
      summary: 'Install a bundle into the slot that does not run; it is tried at the next start.',
      role: 'administrator',
      input: z.strictObject({
        file,
        confirm,
        restart,
      }),
      output: installed,
      positionals: ['file'],
      confirmation: 'Install {file}? The slot that does not run is overwritten: there is no way back to what is in it.',
      present: presentInstalled,
      run: (input, call) => installation.run(input, call),
      resume: (input, call, saved) => installation.resume(input, saved, call),
    }),
    defineAction({
      kind: 'call',
      id: 'firmware.rollback',
      summary: 'Go back to the firmware in the other slot; it is judged at its first start as a new one.',
      role: 'administrator',
      input: z.strictObject({ restart }),
      output: installed,
      confirmation:
        'Go back to the firmware in the other slot? Settings that only the present one knows are not in force there.',
      timeoutMs: 60_000,
      present: presentInstalled,
      run: (input, { caller }) => rollback.run(caller.name, input.restart),
    }),
    rollingAction(parts),
    ...gateActions(parts.gate),
  ];
}

function rollingAction({ service, examination, rolling }: FirmwareActionParts): AnyAction {
  const required = (): RollingUpdate => {
    if (rolling !== undefined) return rolling;
    throw new ApplianceError(
      'unavailable',
      'There is no way to another node here: the plugin peer is not active. See: gemel plugin list.',
    );
  };
  return defineAction({
    kind: 'job',
    id: 'firmware.rolling-update',
    summary:
      'Update both nodes of a pair, the passive one first; stops at the first failure. Begin on the active node.',
    role: 'administrator',
    input: z.strictObject({ file, confirm }),
    output: z.object({
      version: z.string().describe('What both nodes run now.'),
      nodes: z.array(z.string()).describe('In the order of their updates.'),
    }),
    positionals: ['file'],
    confirmation:
      'Update both nodes with {file}? Each is emptied, installed and restarted, one after the other; the services move twice at most.',
    present: ({ version, nodes }) => ({ kind: 'text', text: `${nodes.join(' and ')} run ${version}.`, tone: 'ok' }),
    async run(input, call) {
      const update = required();
      const booted = await service.firmware.booted();
      const examined = await examination.examine(input.file, booted, call.signal, call.progress);
      requireAgreement(examined, input.confirm, call);
      return update.run(input, examined.version, call);
    },
    resume: (input, call, saved) => required().resume(input, saved, call),
  });
}

/** What the judge outside core asks. */
function gateActions(gate: Gate): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'firmware.judge',
      summary: 'Say whether core and every plugin are as healthy as before the firmware was installed; fails when not.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: z.object({ checks: z.number().describe('How many checks were looked at.') }),
      present: ({ checks }) => ({ kind: 'text', text: `Healthy: ${checks} checks.`, tone: 'ok' }),
      run: async () => ({ checks: await gate.judge() }),
    }),
    defineAction({
      kind: 'call',
      id: 'firmware.conclude',
      summary: 'Take down how the first start of a firmware ended; for gemel-firmware-gate.service.',
      role: 'administrator',
      input: z.strictObject({
        outcome: z.enum(['good', 'fell-back']).describe('How it ended.'),
        slot: z.enum(slotNames).describe('Slot of that firmware.'),
        reason: z.string().max(2_000).default('').describe('Why it was given up.'),
      }),
      output: z.object({}),
      present: () => ({ kind: 'text', text: 'Taken down.', tone: 'ok' }),
      async run({ outcome, slot, reason }, { caller }) {
        if (caller.name !== 'local:root')
          throw new ApplianceError('forbidden', 'Only the gate of the firmware says how a first start ended.');
        await gate.conclude(outcome, slot, reason);
        return {};
      },
    }),
  ];
}

function presentExamination({ version, running, step, question, slot, reports }: Examination): View {
  const views: View[] = reports.map(({ severity, text }) => ({
    kind: 'text',
    text,
    tone: severity === 'error' ? 'bad' : 'warn',
  }));
  if (reports.some(({ severity }) => severity === 'error')) return { kind: 'group', views };
  const how = needsConfirmation(step) ? ` --confirm ${step}` : '';
  return {
    kind: 'group',
    views: [
      ...views,
      {
        kind: 'fields',
        fields: [
          ['Version', version],
          ['Running', running],
          ['Step', step],
          ['Slot', slot],
          ['Settings', { text: 'are taken over', tone: 'ok' }],
        ],
      },
      { kind: 'text', text: question },
      { kind: 'text', text: `It can be installed: gemel firmware install FILE${how}`, tone: 'ok' },
    ],
  };
}

function presentInstalled({ slot, version, restartsAt }: Installed): View {
  const what = `${version === '' ? 'What is in' : `Version ${version} in`} slot ${slot} is tried at the next start`;
  const when =
    restartsAt === null
      ? 'To start it now: gemel device reboot'
      : `The appliance restarts at ${new Date(restartsAt).toISOString()}`;
  return { kind: 'text', text: `${what}. ${when}.`, tone: 'pending' };
}
