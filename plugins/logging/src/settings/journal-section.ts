import { ApplianceError, type ApplyInput, type FileStore, type Section, type UnitManager } from '@gemel/core/sdk';
import { journalSettings } from '../contract.js';
import { journaldFile, journaldInForce, journaldUnit } from '../paths.js';
import { loggingReports } from '../reports.js';
import { type JournalSettings, journalSchema } from './journal-schema.js';
import { renderJournal } from './render-journal.js';

/** Space and time that this device's own log may take. Each node has its own log, so each has its own settings. */
export function journalSection(units: UnitManager, files: FileStore): Section<JournalSettings, null> {
  return {
    ...journalSettings,
    title: 'Log',
    scope: 'node',
    version: 1,
    schema: journalSchema,
    defaults: () => journalSchema.parse({}),
    order: 20,
    readFacts: async () => null,
    verify: () => [],
    render: ({ settings }) => renderJournal(settings),
    plan: ({ changes }) => {
      if (changes.length === 0) return { units: [], interruptions: [] };
      const text = 'journald is restarted; it keeps its connections, and nothing that is logged meanwhile is lost.';
      return { units: [journaldUnit], interruptions: [{ subject: 'log', kind: 'reload', expectedMs: 0, text }] };
    },
    apply: (input) => applyJournal(input, units, files),
    async probe() {
      const absent = loggingReports.report('logging.engine.absent', { engine: 'systemd-journald' }, 'journal');
      return (await journaldIsHere(units)) ? [] : [absent];
    },
  };
}

/** journald 257 reads its settings when it starts only. Boot has it read them already (gemel-journal.service). */
async function applyJournal(
  { rendering }: ApplyInput<JournalSettings, null>,
  units: UnitManager,
  files: FileStore,
): Promise<void> {
  const wanted = rendering.files.find(({ path }) => path === journaldFile)?.content ?? '';
  const noted = await files.read(journaldInForce);
  if (noted === wanted || !(await journaldIsHere(units))) return;
  if ((noted ?? factoryContent()) !== wanted) await units.restart(journaldUnit);
  await files.write(journaldInForce, wanted);
}

/** The image brings what a fresh device has, so that its first start restarts nothing. */
function factoryContent(): string | undefined {
  return renderJournal(journalSchema.parse({})).files[0]?.content;
}

async function journaldIsHere(units: UnitManager): Promise<boolean> {
  try {
    return (await units.status(journaldUnit)).loadState === 'loaded';
  } catch (failure) {
    if (failure instanceof ApplianceError && failure.code === 'unavailable') return false;
    throw failure;
  }
}
