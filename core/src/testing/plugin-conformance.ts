import { isDeepStrictEqual } from 'node:util';
import { type ActionDescriptor } from '../ipc/core-api.js';
import type { Manifest } from '../plugins/manifest.js';
import { hasBlockingReport, type View } from '../sdk/index.js';
import type { AnySection } from '../settings/sections.js';
import { trackLeaks } from './leak-tracker.js';
import { readEventIds } from './package-events.js';
import { misplacedFiles, openSecrets, undescribed, withoutExample } from './schema-complaints.js';
import { createTestAppliance, type TestAppliance, type TestApplianceOptions } from './test-appliance.js';

/** A test function of ava, or of any runner that takes a title and a function. */
export type Registrar = (title: string, run: (context: { pass(): unknown }) => Promise<void>) => void;

export interface ConformanceOptions {
  /** Packages of the plugins it requires or looks for. */
  readonly with?: readonly string[];
  /** Inputs of reading actions that need one, by action. */
  readonly samples?: Readonly<Record<string, object>>;
  /** The world of the plugin's engines; default: the sandbox host's models. */
  readonly world?: Pick<TestApplianceOptions, 'engines' | 'prepare' | 'script' | 'files'>;
}

/**
 * Registers the tests that every plugin passes, built-in or not: what its manifest says is what it does, surfaces can show
 * everything it declares, its settings can be taken into force on a fresh device, and it leaves nothing behind.
 *
 * @param packageFolder Absolute; built, when it needs building.
 */
export function describePluginConformance(
  test: Registrar,
  packageFolder: string,
  options: ConformanceOptions = {},
): void {
  const name = packageFolder.split('/').findLast((part) => part !== '') ?? packageFolder;
  const judge = (title: string, examine: (subject: Subject) => Promise<readonly string[]>) =>
    test(`${name}: ${title}`, async (context) => {
      const complaints = await withSubject(packageFolder, options, examine);
      if (complaints.length > 0) throw new Error(`${complaints.length} found:\n${complaints.join('\n')}`);
      context.pass();
    });
  judge('the manifest lists exactly what the plugin declares', manifestComplaints);
  judge('everything that surfaces show is described', async (subject) => descriptionComplaints(subject));
  judge('what its reading actions and its status give is presented', async (subject) =>
    presentationComplaints(subject, options.samples ?? {}),
  );
  judge('its settings of a fresh device are verified and rendered', settingsComplaints);
  judge('it can be reloaded, and ends without leaving anything behind', residueComplaints);
}

interface Subject {
  readonly appliance: TestAppliance;
  readonly folder: string;
  readonly id: string;
  readonly manifest: Manifest;
}

async function withSubject(
  folder: string,
  options: ConformanceOptions,
  examine: (subject: Subject) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const appliance = await createTestAppliance({
    engines: 'model',
    ...options.world,
    plugins: [...(options.with ?? []), folder],
  });
  await using _ended = appliance;
  const id = await appliance.install(folder);
  const info = appliance.core.plugins.list().find((each) => each.id === id);
  const manifest = appliance.core.plugins.manifests().find((each) => each.id === id);
  if (info === undefined || manifest === undefined) return ['core does not find it: its package.json is not valid'];
  if (info.condition !== 'active') return [`it is ${info.condition}: ${info.reason}`];
  return await examine({ appliance, folder, id, manifest });
}

async function manifestComplaints({ appliance, folder, id, manifest }: Subject): Promise<readonly string[]> {
  const { declared, core } = appliance;
  await core.actions.describe('administrator'); // loads those that are added for later
  const own = declared.get(id);
  if (own === undefined) return ['it was not activated'];
  const lists = ['actions', 'status', 'sections', 'provides'] as const;
  const events = await readEventIds(folder, manifest);
  const heard = new Set([
    ...own.subscribes,
    ...manifest.subscribes.filter((each) => own.prefixes.some((prefix) => each.startsWith(prefix))),
  ]);
  return [
    ...lists.flatMap((list) => differences(list, manifest[list], own[list])),
    ...differences('publishes', manifest.publishes, events),
    ...differences(
      'subscribes',
      manifest.subscribes,
      [...heard].filter((each) => !each.startsWith(`${id}.`)),
    ),
  ];
}

function differences(list: string, listed: readonly string[], real: readonly string[]): readonly string[] {
  return [
    ...listed.filter((each) => !real.includes(each)).map((each) => `"${list}" lists ${each}, which is not declared`),
    ...real.filter((each) => !listed.includes(each)).map((each) => `"${list}" does not list ${each}`),
  ];
}

async function descriptionComplaints({ appliance, id }: Subject): Promise<readonly string[]> {
  const actions = await descriptors(appliance, id);
  const inputs = actions.map(({ id: action, input }) => [`input of ${action}`, input] as const);
  const sections = sectionsOf(appliance, id).map(({ id: section, schema }) => {
    return [`section ${section}`, schema.toJSONSchema({ io: 'input', unrepresentable: 'any' })] as const;
  });
  const statuses = statusesOf(appliance, id).map(({ id: status, schema }) => {
    return [`status ${status}`, schema.toJSONSchema({ io: 'output', unrepresentable: 'any' })] as const;
  });
  const outputs = actions.map(({ id: action, output }) => [`output of ${action}`, output] as const);
  const entered = [...inputs, ...sections];
  return [
    ...actions
      .filter(({ summary }) => !/^[A-Z].*\.$/.test(summary))
      .map((each) => `${each.id}: no sentence: ${each.summary}`),
    ...[...entered, ...statuses, ...outputs].flatMap(([what, schema]) =>
      undescribed(schema, what).map((at) => `${at} has no description`),
    ),
    ...entered.flatMap(([what, schema]) => withoutExample(schema, what).map((at) => `${at} has a form and no example`)),
    ...[...entered, ...statuses, ...outputs].flatMap(([what, schema]) =>
      openSecrets(schema, what).map((at) => `${at} is not marked as secret`),
    ),
    ...inputs.flatMap(([what, schema]) =>
      misplacedFiles(schema, what).map(
        (at) => `${at} takes a file of the caller, which only a property of the input itself can`,
      ),
    ),
  ];
}

async function presentationComplaints(
  { appliance, id }: Subject,
  samples: Readonly<Record<string, object>>,
): Promise<readonly string[]> {
  const complaints: string[] = [];
  for (const { id: action, kind, input } of await descriptors(appliance, id)) {
    const reading = (await appliance.core.actions.find(action))?.audited === false && kind === 'call';
    const sample =
      samples[action] ?? (Array.isArray(input['required']) && input['required'].length > 0 ? undefined : {});
    if (!reading && samples[action] === undefined) continue;
    if (sample === undefined) {
      complaints.push(`${action} needs a sample of its input`);
      continue;
    }
    try {
      const { view } = await appliance.letTimePass(appliance.invoke(action, sample));
      complaints.push(...viewComplaints(view, action));
    } catch (failure) {
      complaints.push(`${action}: ${failure instanceof Error ? failure.message : String(failure)}`);
    }
  }
  for (const { id: status } of statusesOf(appliance, id)) {
    try {
      const shown = await appliance.letTimePass(appliance.invoke('status.show', { id: status }));
      complaints.push(...viewComplaints(shown.view, `status ${status}`));
    } catch (failure) {
      complaints.push(`status ${status}: ${failure instanceof Error ? failure.message : String(failure)}`);
    }
  }
  return complaints;
}

/** What no surface could draw. */
function viewComplaints(view: View | undefined, what: string): readonly string[] {
  if (view === undefined) return [`${what} has no view`];
  switch (view.kind) {
    case 'table':
      return view.rows
        .filter((row) => row.length !== view.columns.length)
        .map((row) => `${what}: a row of ${row.length} cells under ${view.columns.length} columns`);
    case 'group':
      return view.views.flatMap((inner) => viewComplaints(inner, what));
    case 'text':
    case 'raw':
      return typeof view.text === 'string' ? [] : [`${what}: a text that is none`];
    case 'fields':
      return view.fields.flatMap(([name, cell]) =>
        typeof (typeof cell === 'string' ? cell : cell.text) === 'string' ? [] : [`${what}: ${name} is no text`],
      );
    case 'diff':
      return [];
  }
}

async function settingsComplaints({ appliance, id }: Subject): Promise<readonly string[]> {
  const complaints: string[] = [];
  for (const section of sectionsOf(appliance, id)) {
    const say = (problem: string) => complaints.push(`section ${section.id}: ${problem}`);
    const facts = await appliance.letTimePass(section.readFacts(new AbortController().signal));
    const settings = section.defaults(facts);
    const fitting = appliance.settings.state.sections.fit(section, structuredClone(settings));
    if (fitting.kind === 'unfit') say(`its defaults do not fit: ${fitting.reports.map(({ text }) => text).join(' ')}`);
    else if (!isDeepStrictEqual(fitting.settings, settings)) say('its schema makes something else of its defaults');
    const document = appliance.settings.state.sections.reader(appliance.settings.state.confirmed.document);
    const around = { settings, facts, document };
    const change = { ...around, confirmed: settings, caller: undefined };
    const reports = section.verify(change);
    if (hasBlockingReport(reports)) say(`refuses its defaults: ${reports.map(({ text }) => text).join(' ')}`);
    const rendering = section.render(around);
    if (!isDeepStrictEqual(section.render(around), rendering)) say('renders differently the second time');
    section.plan({ ...change, rendering, changes: [] });
  }
  const { state } = appliance.settings;
  // also of files that its grants do not name
  complaints.push(...state.recovery.map(({ text }) => `at the first start: ${text}`));
  return complaints;
}

async function residueComplaints({ appliance, folder, id }: Subject): Promise<readonly string[]> {
  const invoke = async (action: string, input: object = {}) => appliance.letTimePass(appliance.invoke(action, input));
  const uninstall = async () => {
    await appliance.uninstall(id);
    await invoke('plugin.rescan');
    return residue(appliance);
  };
  const active = await residue(appliance);
  await invoke('plugin.reload', { id });
  const complaints = grown(active, await residue(appliance), 'after a reload');

  const without = await uninstall();
  const leaks = trackLeaks();
  await appliance.install(folder);
  await invoke('plugin.rescan');
  complaints.push(...grown(active, await residue(appliance), 'after it was installed again'));
  const again = await uninstall();
  complaints.push(...grown(without, again, 'the second time'));
  const owned = Object.entries(again).filter(([what]) => what.startsWith(`${id}:`));
  complaints.push(...owned.map(([what]) => `left behind: ${what}`));
  await leaks.expectNone().catch((failure: Error) => complaints.push(failure.message));
  return complaints;
}

/** Everything that is alive, counted. */
async function residue(appliance: TestAppliance): Promise<Readonly<Record<string, number>>> {
  await appliance.letTimePass(appliance.clock.sleep(3_000));
  const { core, system, settings } = appliance;
  const names = [
    ...(await core.actions.describe('administrator')).map(({ id, plugin }) => `${plugin}: action ${id}`),
    ...core.status.definitions().map(({ id }) => `${id.split('.')[0]}: status ${id}`),
    ...settings.state.sections.all().map(({ id }) => `${settings.state.sections.ownerOf(id)}: section ${id}`),
    ...(await core.health.examine()).map(({ name }) => `${name.split('.')[0]}: health check ${name}`),
  ];
  return {
    ...Object.fromEntries(names.map((name) => [name, 1])),
    listeners: core.bus.listenerCount,
    timers: appliance.clock.pending,
    watches: system.files.watching,
    'D-Bus subscriptions': system.dbus.listening,
    "systemd's timers": system.units.timers.length,
  };
}

function grown(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  when: string,
): string[] {
  return Object.entries(after)
    .filter(([what, count]) => count > (before[what] ?? 0))
    .map(([what, count]) => `${when}: ${what}: ${count} instead of ${before[what] ?? 0}`);
}

async function descriptors(appliance: TestAppliance, id: string): Promise<readonly ActionDescriptor[]> {
  const all = await appliance.core.actions.describe('administrator');
  return all.filter(({ plugin }) => plugin === id);
}

function sectionsOf(appliance: TestAppliance, id: string): readonly AnySection[] {
  const { sections } = appliance.settings.state;
  return sections.all().filter((section) => sections.ownerOf(section.id) === id);
}

function statusesOf({ core, declared }: TestAppliance, id: string) {
  const own = declared.get(id)?.status ?? [];
  return core.status.definitions().filter((each) => own.includes(each.id));
}
