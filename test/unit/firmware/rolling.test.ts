import { ApplianceError, type JobCall } from '@gemel/core/sdk';
import { FakeClock } from '@gemel/core/testing';
import type { PeerFirmwareState } from '#firmware/rolling/peer-firmware.js';
import { type RollingPair, RollingUpdate } from '#firmware/rolling/rolling-update.js';
import type { HistoryEntry } from '#firmware/slots/trial.js';
import test from 'ava';
import { jobCall } from './world.js';

const entry = (kind: HistoryEntry['kind'], at: number, reason = ''): HistoryEntry => ({
  kind,
  at,
  slot: 'B',
  version: '0.2.0',
  by: 'gate',
  reason,
});
const request = { file: '/b.raucb', confirm: 'minor' } as const;

type Outcome = 'good' | 'fell-back' | 'refused';
type Resource = { readonly name: string; readonly agent: string; readonly state: string };
const resource = (name: string, state: string, agent = 'ocf:gemel:site'): Resource => ({ name, agent, state });

/** two is passive and is updated first, one is where the job runs. */
class ScriptedPair implements RollingPair {
  readonly done: string[] = [];
  readonly maintained = new Set<string>();
  active: 'one' | 'two' = 'one';
  ready = true;
  phase: 'connected' | 'none' = 'connected';
  running = true;
  installing = false;
  there: HistoryEntry | null = entry('good', 1);
  here: HistoryEntry | null = entry('good', 1);
  failure = '';
  /** Questions to the other node that go unanswered. */
  unanswered = 0;
  resources: Resource[] = [];
  /** What the resources are once two has the active role. */
  after: Resource[] | undefined;
  readonly outcomes: { there: Outcome; here: Outcome | 'restarts' | 'writes' };
  readonly clock = new FakeClock();

  constructor(outcomes: Partial<ScriptedPair['outcomes']> = {}) {
    this.outcomes = { there: 'good', here: 'good', ...outcomes };
  }

  async pair() {
    const node = (name: 'one' | 'two', local: boolean) => {
      const maintained = this.maintained.has(name);
      const role = this.active === name ? 'M' : maintained ? '-' : 'S';
      const state = maintained ? 'maintenance' : 'online';
      return { name, local, role, state, health: 'green', external: true, resources: role === 'M' ? 4 : 0 };
    };
    const nodes = [node('one', true), node('two', false)];
    const ready = this.ready && this.maintained.size === 0;
    const reasons = ready ? [] : [{ reason: 'peer-health', blocking: true, text: 'A disk of two is failing.' }];
    const data = { connection: 'Connected', role: 'Primary', disk: 'UpToDate', peerDisk: 'UpToDate' };
    const resources = this.active === 'two' && this.after !== undefined ? this.after : this.resources;
    const rest = { running: this.running, resources, clusterIp: null, activeNode: this.active, quorum: true };
    return { phase: this.phase, ...rest, nodes, ready, reasons, data } as never; // all that a rolling update looks at
  }

  async maintenance(node: string, on: boolean) {
    if (!this.running) throw new ApplianceError('engine-failed', 'Could not connect to the CIB.');
    this.done.push(`${node} ${on ? 'emptied' : 'returned'}`);
    if (on) {
      this.maintained.add(node);
      if (this.active === node) this.active = node === 'one' ? 'two' : 'one';
    } else this.maintained.delete(node);
  }

  async copy() {
    this.done.push('copied');
  }

  async installThere() {
    this.done.push('two installed');
    if (this.outcomes.there === 'refused') this.failure = 'The bundle is damaged.';
    else this.there = entry(this.outcomes.there, 2, 'core did not answer');
  }

  async stateThere(): Promise<PeerFirmwareState | undefined> {
    if (this.unanswered > 0) {
      this.unanswered -= 1;
      return undefined;
    }
    return { version: '0.1.0', trial: null, last: this.there, installing: this.installing, failure: this.failure };
  }

  async installHere(_file: string, _confirm: unknown, call: JobCall) {
    this.done.push('one installed');
    const { here } = this.outcomes;
    await call.save({ slot: 'B' });
    if (here === 'writes') return this.clock.sleep(600_000, call.signal);
    if (here === 'refused') throw new ApplianceError('engine-failed', 'No space left on device.');
    this.here = here === 'restarts' ? entry('installed', 2) : entry(here, 2, 'it did not start');
  }

  async resumeHere(_file: string, saved: unknown) {
    this.done.push(`one went on with ${JSON.stringify(saved)}`);
    this.here = entry('good', 2);
  }

  async stateHere() {
    return { version: '0.1.0', slot: 'A', trial: null, last: this.here } as const;
  }
}

const whole = [
  'copied',
  'two emptied',
  'two installed',
  'two returned',
  'one emptied',
  'one installed',
  'one returned',
];

test('the passive node comes first, the other one only when that is back with the data', async (t) => {
  const pair = new ScriptedPair();
  const rolling = new RollingUpdate(pair, pair.clock);
  t.deepEqual(await rolling.run(request, '0.2.0', jobCall().call), { version: '0.2.0', nodes: ['two', 'one'] });
  t.deepEqual(pair.done, whole);
  t.is(pair.maintained.size, 0);
});

test('when the first node falls back the second is not touched, and the pair is fail-safe again', async (t) => {
  const pair = new ScriptedPair({ there: 'fell-back' });
  const failure = await t.throwsAsync(new RollingUpdate(pair, pair.clock).run(request, '0.2.0', jobCall().call), {
    instanceOf: ApplianceError,
  });
  t.is(
    failure?.message,
    'Version 0.2.0 did not stay on two: core did not answer. two runs the version before and left maintenance. one was not touched.',
  );
  t.deepEqual(pair.done, ['copied', 'two emptied', 'two installed', 'two returned']);
  t.is(pair.maintained.size, 0);
});

test('what the first node refuses stops it with that reason', async (t) => {
  const pair = new ScriptedPair({ there: 'refused' });
  await t.throwsAsync(new RollingUpdate(pair, pair.clock).run(request, '0.2.0', jobCall().call), {
    message: /did not stay on two: The bundle is damaged\. two/,
  });
  t.false(pair.done.includes('one emptied'));
});

test('the job goes on after the restart of its own node', async (t) => {
  const pair = new ScriptedPair({ here: 'restarts' });
  const first = jobCall();
  const abort = new AbortController();
  const running = new RollingUpdate(pair, pair.clock).run(request, '0.2.0', { ...first.call, signal: abort.signal });
  await pair.clock.advance(5_000);
  abort.abort(new ApplianceError('cancelled', 'Core is shutting down.'));
  await t.throwsAsync(running);
  t.like(first.saved.at(-1), { step: 'judge-second', secondBefore: 1 });
  const restarted = new ScriptedPair();
  restarted.maintained.add('one');
  restarted.active = 'two';
  restarted.running = false;
  restarted.here = entry('installed', 2);
  const ended = new RollingUpdate(restarted, restarted.clock).resume(request, first.saved.at(-1), jobCall().call);
  await restarted.clock.advance(5_000);
  t.deepEqual(restarted.done, [], 'it waits for the gate');
  restarted.here = entry('good', 3);
  await restarted.clock.advance(5_000);
  t.deepEqual(restarted.done, [], 'and for Pacemaker');
  restarted.running = true;
  await restarted.clock.advance(5_000);
  t.deepEqual(await ended, { version: '0.2.0', nodes: ['two', 'one'] });
  t.deepEqual(restarted.done, ['one returned']);
});

test('when its own node falls back the job says which node runs what', async (t) => {
  const pair = new ScriptedPair({ here: 'fell-back' });
  await t.throwsAsync(new RollingUpdate(pair, pair.clock).run(request, '0.2.0', jobCall().call), {
    message: /did not stay on one: it did not start\. one runs .* two runs 0\.2\.0 and carries everything\./,
  });
  t.is(pair.maintained.size, 0);
});

test('after a restart of core an installation that goes on over there is not asked for again', async (t) => {
  const pair = new ScriptedPair();
  pair.installing = true;
  pair.maintained.add('two');
  const saved = {
    step: 'install-first',
    version: '0.2.0',
    first: 'two',
    second: 'one',
    firstBefore: 1,
    secondBefore: null,
  };
  const ended = new RollingUpdate(pair, pair.clock).resume(request, saved, jobCall().call);
  await pair.clock.advance(3_000);
  t.deepEqual(pair.done, []);
  pair.there = entry('good', 2);
  await pair.clock.advance(3_000);
  t.is((await ended).version, '0.2.0');
  t.false(pair.done.includes('two installed'));
});

test('a restart of core while this node is written goes on with the same installation', async (t) => {
  const pair = new ScriptedPair({ here: 'writes' });
  const first = jobCall();
  const abort = new AbortController();
  const running = new RollingUpdate(pair, pair.clock).run(request, '0.2.0', { ...first.call, signal: abort.signal });
  await pair.clock.advance(5_000);
  abort.abort(new ApplianceError('cancelled', 'Core is shutting down.'));
  await t.throwsAsync(running);
  t.true(pair.maintained.has('one'));
  const restarted = new ScriptedPair();
  restarted.maintained.add('one');
  restarted.active = 'two';
  await new RollingUpdate(restarted, restarted.clock).resume(request, first.saved.at(-1), jobCall().call);
  t.deepEqual(restarted.done, ['one went on with {"slot":"B"}', 'one returned']);
});

test('when the second node refuses the bundle it leaves maintenance, and the reason is told', async (t) => {
  const pair = new ScriptedPair({ here: 'refused' });
  await t.throwsAsync(new RollingUpdate(pair, pair.clock).run(request, '0.2.0', jobCall().call), {
    message: /did not stay on one: No space left on device\. .* two runs 0\.2\.0 and carries everything\./,
  });
  t.is(pair.maintained.size, 0);
});

test('a node that fell back leaves maintenance as soon as Pacemaker runs', async (t) => {
  const pair = new ScriptedPair();
  pair.maintained.add('one');
  pair.active = 'two';
  pair.running = false;
  pair.here = entry('fell-back', 3, 'core did not answer');
  const saved = {
    step: 'judge-second',
    version: '0.2.0',
    first: 'two',
    second: 'one',
    firstBefore: 1,
    secondBefore: 1,
  };
  const ended = new RollingUpdate(pair, pair.clock).resume(request, saved, jobCall().call);
  const failed = t.throwsAsync(ended, { message: /did not stay on one: core did not answer/ });
  await pair.clock.advance(5_000);
  pair.running = true;
  await pair.clock.advance(5_000);
  await failed;
  t.is(pair.maintained.size, 0);
});

test('what the judge says counts more than an installation that lost its trace', async (t) => {
  const pair = new ScriptedPair();
  pair.maintained.add('two');
  pair.failure = 'The installation was interrupted.';
  const saved = { step: 'judge-first', version: '0.2.0', first: 'two', second: 'one', firstBefore: 1, secondBefore: 1 };
  const resume = () => new RollingUpdate(pair, pair.clock).resume(request, saved, jobCall().call);
  pair.there = entry('fell-back', 3, 'core did not answer');
  await t.throwsAsync(resume(), { message: /did not stay on two: core did not answer/ });
  pair.there = entry('good', 3);
  pair.maintained.add('two');
  t.is((await resume()).version, '0.2.0');
});

test('an old success does not count when the node was away for a moment before', async (t) => {
  const pair = new ScriptedPair({ there: 'fell-back' });
  pair.there = entry('good', 1);
  pair.unanswered = 1;
  const ended = new RollingUpdate(pair, pair.clock).run(request, '0.2.0', jobCall().call);
  const failed = t.throwsAsync(ended, { message: /did not stay on two/ });
  await pair.clock.advance(5_000);
  await failed;
  t.false(pair.done.includes('one emptied'));
});

test('the second node is not touched when the first one does not carry what ran before', async (t) => {
  const pair = new ScriptedPair();
  const fence = 'stonith:fence_ipmilan';
  pair.resources = [
    resource('site-shop', 'started'),
    resource('site-old', 'failed'),
    resource('fence-two', 'started', fence),
  ];
  pair.after = [
    resource('site-shop', 'stopped'),
    resource('site-old', 'failed'),
    resource('fence-two', 'stopped', fence),
    resource('bound-to-one', 'stopped', 'ocf:heartbeat:Dummy'),
  ];
  const ended = new RollingUpdate(pair, pair.clock).run(request, '0.2.0', jobCall().call);
  const failed = t.throwsAsync(ended, {
    message: /two runs version 0\.2\.0 and does not carry everything: site-shop\. one/,
  });
  await pair.clock.advance(11 * 60_000);
  await failed;
  t.false(pair.done.includes('one installed'));
  t.is(pair.maintained.size, 0);
});

test('it begins on the active node of a pair that is ready, and nowhere else', async (t) => {
  const refusedBy = async (change: Partial<ScriptedPair>) => {
    const pair = Object.assign(new ScriptedPair(), change);
    const failure = await t.throwsAsync(new RollingUpdate(pair, pair.clock).run(request, '0.2.0', jobCall().call), {
      instanceOf: ApplianceError,
      code: 'conflict',
    });
    t.deepEqual(pair.done, []);
    return failure?.message ?? '';
  };
  t.regex(await refusedBy({ active: 'two' }), /one does not hold the active role\. Begin on two/);
  t.regex(await refusedBy({ phase: 'none' }), /no node of a connected pair/);
  t.regex(await refusedBy({ ready: false }), /A disk of two is failing\. See gemel cluster status\./);
});

test('a node that is never judged ends the waiting', async (t) => {
  const pair = new ScriptedPair({ here: 'restarts' });
  const running = new RollingUpdate(pair, pair.clock).run(request, '0.2.0', jobCall().call);
  const failed = t.throwsAsync(running, {
    code: 'timeout',
    message: /Waited 45 minutes for one .* one is still in maintenance, .* healthy: gemel cluster maintenance off one$/,
  });
  await pair.clock.advance(46 * 60_000);
  await failed;
});

test('one that is cancelled says which node is left in maintenance, and nothing of the kind where none is', async (t) => {
  const pair = new ScriptedPair({ here: 'writes' });
  const cancelled = async (running: Promise<unknown>, abort: AbortController) => {
    await pair.clock.advance(5_000);
    abort.abort(new ApplianceError('cancelled', 'The job was cancelled.'));
    return (await t.throwsAsync(running, { code: 'cancelled' }))?.message ?? '';
  };
  const abort = new AbortController();
  const call = { ...jobCall().call, signal: abort.signal };
  const running = new RollingUpdate(pair, pair.clock).run(request, '0.2.0', call);
  t.regex(await cancelled(running, abort), /one is still in maintenance, .*: gemel cluster maintenance off one$/);

  const again = new AbortController();
  const saved = {
    step: 'return-first',
    version: '0.2.0',
    first: 'two',
    second: 'one',
    firstBefore: 1,
    secondBefore: 1,
  };
  pair.ready = false; // two is back and has not all data yet
  const returning = new RollingUpdate(pair, pair.clock).resume(request, saved, {
    ...jobCall().call,
    signal: again.signal,
  });
  t.notRegex(await cancelled(returning, again), /maintenance/);
});

test('a node whose maintenance cannot be ended is named with the failure', async (t) => {
  const pair = new ScriptedPair();
  pair.maintained.add('two');
  pair.there = entry('good', 2);
  pair.maintenance = async () => {
    throw new ApplianceError('engine-failed', 'Could not connect to the CIB.');
  };
  const saved = {
    step: 'return-first',
    version: '0.2.0',
    first: 'two',
    second: 'one',
    firstBefore: 1,
    secondBefore: 1,
  };
  await t.throwsAsync(new RollingUpdate(pair, pair.clock).resume(request, saved, jobCall().call), {
    code: 'engine-failed',
    message: /^Could not connect to the CIB\. two is still in maintenance/,
  });
});
