import { ApplianceError } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import { ForwardingApply } from '#logging/settings/apply-forwarding.js';
import { forwardingSchema } from '#logging/settings/forwarding-schema.js';
import { journalSchema } from '#logging/settings/journal-schema.js';
import { journalSection } from '#logging/settings/journal-section.js';
import { renderForwarding } from '#logging/settings/render-forwarding.js';
import { renderJournal } from '#logging/settings/render-journal.js';
import { Rsyslog } from '#logging/system/rsyslog.js';
import test from 'ava';

const unit = 'gemel-log-forwarding.service';
const check = ['rsyslogd', '-N1', '-f', '/run/gemel/rsyslog/rsyslog.conf'];
const settings = forwardingSchema.parse({ destinations: { a: { host: 'logs.example.org' } } });
const changed = [{ path: check[3] ?? '', kind: 'change', before: '', after: '' }] as const;

function input(entered = settings, changes: readonly (typeof changed)[number][] = changed) {
  return {
    settings: entered,
    facts: { volumeMegabytes: undefined, now: 0 },
    document: { section: () => undefined },
    rendering: renderForwarding(entered),
    changes,
    reason: 'activate',
  } as const;
}

function world(state: 'active' | 'inactive' | 'absent') {
  const system = new ScriptedSystem();
  if (state !== 'absent') system.units.add(unit, state);
  system.commands.always(check);
  const steps = () => system.faults.journal.filter((step) => /^(run|restart|stop|start)/.test(step));
  return { system, engine: new ForwardingApply(new Rsyslog(system), system.clock), steps };
}

test('has rsyslog check the file before rsyslogd reads it', async (t) => {
  const { engine, steps } = world('active');
  await engine.apply(input());
  t.deepEqual(steps(), [`run ${check.join(' ')}`, `restart ${unit}`]);
});

test('leaves rsyslogd alone when rsyslog refuses the file', async (t) => {
  const { system, engine, steps } = world('active');
  const stdout =
    "rsyslogd: parameter 'x' not known -- typo in config file? [v8.2504.0 try https://www.rsyslog.com/e/2207 ]\n";
  system.commands.always(check, { exitCode: 1, stdout });
  const failure = await t.throwsAsync(() => engine.apply(input()), { instanceOf: ApplianceError });
  t.is(failure.code, 'engine-failed');
  t.regex(failure.message, /parameter 'x' not known/);
  t.false(steps().includes(`restart ${unit}`));
});

test('does not restart a rsyslogd that reads the same already, as when core comes back', async (t) => {
  const { system, engine, steps } = world('active');
  const wanted = input(settings, []);
  await system.files.write('/run/gemel-log/rsyslog.conf', wanted.rendering.files[0]?.content ?? '');
  await engine.apply(wanted);
  t.deepEqual(steps(), []);
});

test('leaves alone a rsyslogd that still reads again what it missed', async (t) => {
  const { system, steps } = world('inactive');
  const wanted = input(settings, []);
  await system.files.write('/run/gemel-log/rsyslog.conf', wanted.rendering.files[0]?.content ?? '');
  const starting = { name: unit, loadState: 'loaded', activeState: 'activating', subState: 'start-pre', mainPid: null };
  const units = Object.assign(Object.create(system.units), { status: async () => starting });
  const { commands, files, clock } = system;
  await new ForwardingApply(new Rsyslog({ commands, files, units }), clock).apply(wanted);
  t.deepEqual(steps(), []);
});

test('restarts a rsyslogd that reads something else, as after a crash in the middle', async (t) => {
  const { system, engine, steps } = world('active');
  await system.files.write('/run/gemel-log/rsyslog.conf', 'older');
  await engine.apply(input(settings, []));
  t.true(steps().includes(`restart ${unit}`));
});

test('stops rsyslogd when all destinations are off, and that is as it should be', async (t) => {
  const { system, engine, steps } = world('active');
  const off = forwardingSchema.parse({ destinations: { a: { host: 'logs.example.org', enabled: false } } });
  await engine.apply(input(off));
  t.true(steps().includes(`stop ${unit}`));
  system.units.add(unit, 'inactive');
  t.deepEqual(await engine.probe(input(off, []), new AbortController().signal), []);
});

test('stops rsyslogd when nothing is sent any more', async (t) => {
  const { engine, steps } = world('active');
  await engine.apply(input(forwardingSchema.parse({})));
  t.deepEqual(steps(), [`stop ${unit}`]);
});

test('a host without rsyslog keeps the settings and says so', async (t) => {
  const { engine } = world('absent');
  await engine.apply(input());
  const reports = await engine.probe(input(settings, []), new AbortController().signal);
  t.deepEqual(
    reports.map(({ code, severity }) => [code, severity]),
    [['logging.engine.absent', 'warning']],
  );
});

test('an rsyslogd that does not stay up is an error, which rolls back', async (t) => {
  const { engine } = world('inactive');
  const reports = await engine.probe(input(settings, []), new AbortController().signal);
  t.deepEqual(
    reports.map(({ code, severity }) => [code, severity]),
    [['logging.engine.stopped', 'error']],
  );
});

const journald = 'systemd-journald.service';

function journalInput(maxMegabytes: number) {
  const entered = journalSchema.parse({ maxMegabytes });
  return {
    settings: entered,
    facts: null,
    document: { section: () => undefined },
    rendering: renderJournal(entered),
    changes: [],
    reason: 'boot',
  } as const;
}

test('journald is restarted for other settings, and once', async (t) => {
  const system = new ScriptedSystem();
  system.units.add(journald, 'active');
  const section = journalSection(system.units, system.files);
  const { signal } = new AbortController();
  const restarts = () => system.faults.journal.filter((step) => step === `restart ${journald}`).length;
  await section.apply(journalInput(100), signal);
  await section.apply(journalInput(100), signal);
  t.is(restarts(), 1);
  await section.apply(journalInput(200), signal);
  t.is(restarts(), 2);
});

test('the first start of a device restarts no journald: the image has the same settings', async (t) => {
  const system = new ScriptedSystem();
  system.units.add(journald, 'active');
  await journalSection(system.units, system.files).apply(journalInput(1_024), new AbortController().signal);
  t.false(system.faults.journal.includes(`restart ${journald}`));
  t.is(await system.files.read('/run/gemel/journal-in-force'), journalInput(1_024).rendering.files[0]?.content);
});
