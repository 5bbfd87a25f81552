import { ApplianceError } from '../sdk/errors.js';
import type { Clock, DBus, TransientTimer, UnitManager, UnitStatus } from '../sdk/system.js';
import { busErrorName } from './bus-error.js';

const systemd = 'org.freedesktop.systemd1';
const systemdPath = '/org/freedesktop/systemd1';
/** Just past systemd's own 90 s for a start or stop, so that its verdict comes first. */
const defaultJobTimeoutMs = 95_000;
/** A job whose end was not heard, because the bus or systemd went away in between, is looked for this often. */
const pollMs = 1_000;
const sigkill = 9;
const systemctl = '/usr/bin/systemctl';
/** systemd moves timers by up to a minute unless told otherwise; the guard's window is shorter than that. */
const timerAccuracyUs = 50_000n;

type Verb = 'StartUnit' | 'StopUnit' | 'RestartUnit' | 'ReloadOrRestartUnit';

const verbTexts: Readonly<Record<Verb, string>> = {
  StartUnit: 'start',
  StopUnit: 'stop',
  RestartUnit: 'restart',
  ReloadOrRestartUnit: 'reload',
};

/** systemd over its own D-Bus interface. A call returns when the job it made has ended. */
export class SystemdUnits implements UnitManager {
  readonly #bus: DBus;
  readonly #clock: Clock;
  readonly #jobTimeoutMs: number;
  readonly #waiting = new Set<(path: string, result: string) => void>();
  #subscribed = false;

  constructor(bus: DBus, clock: Clock, jobTimeoutMs = defaultJobTimeoutMs) {
    this.#bus = bus;
    this.#clock = clock;
    this.#jobTimeoutMs = jobTimeoutMs;
  }

  async status(unit: string): Promise<UnitStatus> {
    const [rows] = await this.#call('ListUnitsByNames', 'as', [[unit]]);
    // a(ssssssouso): name, description, load, active and sub state, followed unit, object path, job.
    const row: unknown = Array.isArray(rows) ? rows[0] : undefined;
    if (!Array.isArray(row)) throw new ApplianceError('engine-failed', `systemd says nothing about ${unit}.`);
    const [, , loadState = '', activeState = '', subState = '', , path = ''] = row.map(String);
    const hasProcess = unit.endsWith('.service') && activeState !== 'inactive' && activeState !== 'failed';
    const mainPid = hasProcess ? await this.#property(path, 'Service', 'MainPID') : 0;
    return { name: unit, loadState, activeState, subState, mainPid: Number(mainPid) || null };
  }

  start(unit: string): Promise<void> {
    return this.#job('StartUnit', unit);
  }

  stop(unit: string): Promise<void> {
    return this.#job('StopUnit', unit);
  }

  restart(unit: string): Promise<void> {
    return this.#job('RestartUnit', unit);
  }

  reloadOrRestart(unit: string): Promise<void> {
    return this.#job('ReloadOrRestartUnit', unit);
  }

  async kill(unit: string): Promise<void> {
    await this.#ask(unit, () => this.#call('KillUnit', 'ssi', [unit, 'all', sigkill]));
  }

  /** A transient timer cannot name the unit it starts (systemd 257), so a transient service of the timer's name starts it. */
  async startTimer(timer: TransientTimer): Promise<void> {
    await this.stopTimer(timer.name);
    const collect = ['CollectMode', ['s', 'inactive-or-failed']];
    const description = ['Description', ['s', `Starts ${timer.unit}`]];
    const timerProperties = [
      description,
      collect,
      ['TimersMonotonic', ['a(st)', [['OnActiveSec', BigInt(Math.round(timer.afterMs * 1000))]]]],
      ['AccuracyUSec', ['t', timerAccuracyUs]],
      ['RemainAfterElapse', ['b', false]],
    ];
    const command = [systemctl, [systemctl, 'start', '--no-block', timer.unit], false];
    const serviceProperties = [description, collect, ['Type', ['s', 'oneshot']], ['ExecStart', ['a(sasb)', [command]]]];
    const service = timer.name.replace(/\.timer$/, '.service');
    await this.#untilDone('start', timer.name, () =>
      this.#call('StartTransientUnit', 'ssa(sv)a(sa(sv))', [
        timer.name,
        'fail',
        timerProperties,
        [[service, serviceProperties]],
      ]),
    );
  }

  async stopTimer(name: string): Promise<void> {
    try {
      await this.#job('StopUnit', name);
    } catch (failure) {
      if (busErrorName(failure) !== `${systemd}.NoSuchUnit` && !isNotFound(failure)) throw failure;
    }
  }

  async #job(verb: Verb, unit: string): Promise<void> {
    await this.#untilDone(verbTexts[verb], unit, () => this.#call(verb, 'ss', [unit, 'replace']));
  }

  /** Listens before it asks: the job may be over before the reply with its path is read. */
  async #untilDone(what: string, unit: string, ask: () => Promise<readonly unknown[]>): Promise<void> {
    this.#subscribe();
    const results = new Map<string, string>();
    const done = Promise.withResolvers<void>();
    let job: string | undefined;
    const onRemoved = (path: string, result: string) => {
      results.set(path, result);
      if (path === job) done.resolve();
    };
    this.#waiting.add(onRemoved);
    try {
      job = String((await this.#ask(unit, ask))[0]);
      if (results.has(job)) done.resolve();
      const result = await this.#wait(what, unit, job, done.promise, results);
      // `skipped`: there was nothing to do, such as reloading a unit that is not running.
      if (result === 'done' || result === 'skipped') return;
      throw await this.#failure(what, unit, result);
    } finally {
      this.#waiting.delete(onRemoved);
    }
  }

  /** For good, with the first job: the subscription ends with the bus. */
  #subscribe(): void {
    if (this.#subscribed) return;
    this.#subscribed = true;
    const match = { sender: systemd, path: systemdPath, interface: `${systemd}.Manager`, member: 'JobRemoved' };
    this.#bus.onSignal(match, ([, path, , result]) => {
      for (const onRemoved of this.#waiting) onRemoved(String(path), String(result));
    });
  }

  async #ask(unit: string, ask: () => Promise<readonly unknown[]>): Promise<readonly unknown[]> {
    try {
      return await ask();
    } catch (failure) {
      const name = busErrorName(failure);
      if (name !== `${systemd}.NoSuchUnit` && name !== `${systemd}.LoadFailed`) throw failure;
      throw new ApplianceError('not-found', `Unit ${unit} does not exist. Install the package that brings it.`, {
        cause: failure,
      });
    }
  }

  async #wait(
    what: string,
    unit: string,
    job: string,
    done: Promise<void>,
    results: ReadonlyMap<string, string>,
  ): Promise<string> {
    const end = this.#clock.monotonic() + this.#jobTimeoutMs;
    const waiting = new AbortController();
    try {
      while (this.#clock.monotonic() < end) {
        const pause = this.#clock.sleep(pollMs, waiting.signal).catch(() => {});
        await Promise.race([done, pause]);
        const result = results.get(job);
        if (result !== undefined) return result;
        if (await this.#isOver(job)) return (await this.status(unit)).activeState === 'failed' ? 'failed' : 'done';
      }
    } finally {
      waiting.abort();
    }
    const seconds = this.#jobTimeoutMs / 1000;
    throw new ApplianceError('timeout', `The ${what} of ${unit} did not end within ${seconds} s.`);
  }

  async #isOver(job: string): Promise<boolean> {
    try {
      await this.#property(job, 'Job', 'State');
      return false;
    } catch (failure) {
      if (failure instanceof ApplianceError && failure.code === 'engine-failed') return true;
      // The bus is away: ask again at the next turn.
      if (failure instanceof ApplianceError && failure.code === 'unavailable') return false;
      throw failure;
    }
  }

  async #failure(what: string, unit: string, result: string): Promise<ApplianceError> {
    const { activeState, subState } = await this.status(unit);
    const reason =
      result === 'dependency' ? 'a unit that it needs did not start' : `it is ${activeState} (${subState})`;
    return new ApplianceError(
      'engine-failed',
      `The ${what} of ${unit} ended as ${result}: ${reason}. See \`journalctl -u ${unit}\`.`,
    );
  }

  #call(member: string, signature: string, values: readonly unknown[]): Promise<readonly unknown[]> {
    return this.#bus.call({
      destination: systemd,
      path: systemdPath,
      interface: `${systemd}.Manager`,
      member,
      signature,
      arguments: values,
    });
  }

  async #property(path: string, kind: 'Service' | 'Job', name: string): Promise<unknown> {
    const [value] = await this.#bus.call({
      destination: systemd,
      path,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      signature: 'ss',
      arguments: [`${systemd}.${kind}`, name],
    });
    return value;
  }
}

function isNotFound(failure: unknown): boolean {
  return failure instanceof ApplianceError && failure.code === 'not-found';
}
