import { ApplianceError, asApplianceError, type Clock, type JobCall } from '@gemel/core/sdk';
import type { PairStatus } from '@gemel/plugin-cluster/contract';
import { z } from 'zod';
import type { Step } from '../bundle/version-step.js';
import { firmwareReports, refusal } from '../reports.js';
import type { FirmwareState } from '../slots/firmware-status.js';
import type { HistoryEntry } from '../slots/trial.js';
import type { PeerFirmwareState } from './peer-firmware.js';

/**
 * In this order, each saved before it begins and safe to be done again. First the passive node, `first`; then this node, `second`, which has
 * the active role until then and restarts in the middle of its own job.
 */
const stepNames = [
  'copy',
  'empty-first',
  'install-first',
  'judge-first',
  'return-first',
  'empty-second',
  'install-second',
  'judge-second',
  'return-second',
] as const;
type StepName = (typeof stepNames)[number];

const savedSchema = z.object({
  step: z.enum(stepNames),
  version: z.string(),
  first: z.string(),
  second: z.string(),
  /** Last line of each node's history before its installation: what is newer is the outcome. */
  firstBefore: z.number().nullable(),
  secondBefore: z.number().nullable(),
  /** Resources that did not run already. */
  brokenBefore: z.array(z.string()).default([]),
  /** What the installation on this node keeps, while it runs. */
  installation: z.unknown().optional(),
});
type Saved = z.output<typeof savedSchema>;

/** An emulated node needs ten minutes to install, start and be judged; what takes longer needs a look. */
const judgeLimitMs = 45 * 60_000;
/** Resources leave, data is synchronised. */
const settleLimitMs = 30 * 60_000;
/** Sites start; an emulated node needs two minutes for one. */
const carryLimitMs = 10 * 60_000;
const pollMs = 2_000;

/** Both nodes, as this one reaches them. */
export interface RollingPair {
  pair(): Promise<PairStatus | undefined>;
  maintenance(node: string, on: boolean): Promise<void>;
  copy(file: string, call: JobCall): Promise<void>;
  installThere(confirm: Step | undefined, author: string): Promise<void>;
  /** Undefined while it does not answer. */
  stateThere(): Promise<PeerFirmwareState | undefined>;
  installHere(file: string, confirm: Step | undefined, call: JobCall): Promise<void>;
  /** After a restart of core in the middle. @param saved What that installation kept. */
  resumeHere(file: string, saved: unknown, call: JobCall): Promise<void>;
  stateHere(): Promise<FirmwareState>;
}

export interface RollingRequest {
  readonly file: string;
  readonly confirm?: Step | undefined;
}

export interface RolledOut {
  readonly version: string;
  readonly nodes: string[];
}

/**
 * Both nodes of a pair, one after the other.
 *
 * INVARIANT: the second node is not touched until the first is marked good, online and has the data; at every moment one node that is not
 * being updated carries everything. Where it stops, no node is left in maintenance, except when somebody cancels it, a limit of time
 * ends it or an engine refuses: then it says which node that is, and what ends it.
 */
export class RollingUpdate {
  readonly #pair: RollingPair;
  readonly #clock: Clock;

  constructor(pair: RollingPair, clock: Clock) {
    this.#pair = pair;
    this.#clock = clock;
  }

  /** @param version Of the bundle, which was examined. @throws ApplianceError at the first thing that fails; nothing after it is touched. */
  async run(request: RollingRequest, version: string, call: JobCall): Promise<RolledOut> {
    const ready = await this.#requireReady();
    return this.#go(request, { step: 'copy', version, ...ready, firstBefore: null, secondBefore: null }, call);
  }

  /** After a restart of core or of this node. */
  async resume(request: RollingRequest, saved: unknown, call: JobCall): Promise<RolledOut> {
    if (saved === null)
      throw new ApplianceError('cancelled', 'Core was restarted before anything was done. Begin again.');
    return this.#go(request, savedSchema.parse(saved), call);
  }

  async #requireReady(): Promise<Pick<Saved, 'first' | 'second' | 'brokenBefore'>> {
    const pair = await this.#pair.pair();
    const here = pair?.nodes.find(({ local }) => local);
    const there = pair?.nodes.find(({ local }) => !local);
    if (pair === undefined || pair.phase !== 'connected' || here === undefined || there === undefined)
      throw unfit(
        'this appliance is no node of a connected pair',
        'For a single appliance: gemel firmware install FILE.',
      );
    if (here.role !== 'M')
      throw unfit(
        `${here.name} does not hold the active role`,
        `Begin on ${there.name}, or move it here: gemel cluster move.`,
      );
    if (!pair.ready) {
      const reason = pair.reasons.find(({ blocking }) => blocking)?.text ?? 'the other node would not take over now';
      throw unfit(reason.replace(/\.$/, ''), 'See gemel cluster status.');
    }
    return { first: there.name, second: here.name, brokenBefore: [...notRunning(pair)] };
  }

  async #go(request: RollingRequest, begun: Saved, call: JobCall): Promise<RolledOut> {
    const saved = { ...begun };
    for (const step of stepNames.slice(stepNames.indexOf(begun.step))) {
      saved.step = step;
      try {
        await call.save({ ...saved });
        Object.assign(saved, await this.#step(step, request, saved, call, step === begun.step));
      } catch (thrown) {
        throw await this.#withHand(asApplianceError(thrown), saved);
      }
    }
    call.progress(1, 'both nodes are updated');
    return { version: saved.version, nodes: [saved.first, saved.second] };
  }

  /** The failure as it is, or with what a person has to do where a node stays in maintenance. */
  async #withHand(failure: ApplianceError, { step, first, second }: Saved): Promise<ApplianceError> {
    if (step === 'copy') return failure;
    const node = step.endsWith('first') ? first : second;
    // The failure is what there is to tell, also where this can't be found out.
    const pair = await this.#pair.pair().catch(() => undefined);
    const state = pair?.nodes.find(({ name }) => name === node)?.state;
    if (pair?.running === true && state !== undefined && state !== 'maintenance' && state !== 'offline') return failure;
    const is = state === 'maintenance' ? 'is still' : 'may still be';
    const hand = `${node} ${is} in maintenance, and the pair is not fail-safe. Look at gemel firmware status on ${node}; when it is healthy: gemel cluster maintenance off ${node}`;
    const { code, message, reports } = failure;
    return new ApplianceError(code, `${message.replace(/[.]?$/, '.')} ${hand}`, { cause: failure, reports });
  }

  async #step(
    step: StepName,
    request: RollingRequest,
    saved: Saved,
    call: JobCall,
    again: boolean,
  ): Promise<Partial<Saved>> {
    const pair = this.#pair;
    const { first, second, version } = saved;
    const say = (text: string): void => {
      call.progress(stepNames.indexOf(step) / stepNames.length, text);
      call.log(text);
    };
    switch (step) {
      case 'copy':
        say(`copying the bundle to ${first}`);
        await pair.copy(request.file, call);
        return {};
      case 'empty-first':
        say(`${first} enters maintenance`);
        await this.#empty(first, second, call);
        return { firstBefore: (await this.#answered(first, call)).last?.at ?? null };
      case 'install-first':
        say(`installing ${version} on ${first}`);
        // asked for before core was restarted: it goes on over there
        if (!again || !isUnderWay(await this.#answered(first, call), saved))
          await pair.installThere(request.confirm, call.caller.name);
        return {};
      case 'judge-first':
        say(`waiting until ${first} runs ${version} and is found healthy`);
        await this.#judgeFirst(saved, call);
        return {};
      case 'return-first':
        say(`${first} leaves maintenance`);
        await this.#return(first, call);
        return {};
      case 'empty-second':
        say(`${first} takes over; ${second} enters maintenance`);
        await this.#empty(second, first, call);
        await this.#requireCarried(saved, call);
        return { secondBefore: (await pair.stateHere()).last?.at ?? null };
      case 'install-second':
        say(`installing ${version} on ${second}, which restarts then`);
        await this.#installSecond(request, saved, call, again);
        return {};
      case 'judge-second':
        say(`waiting until ${second} runs ${version} and is found healthy`);
        await this.#judgeSecond(saved, call);
        return {};
      case 'return-second':
        say(`${second} leaves maintenance`);
        await this.#return(second, call);
        return {};
    }
  }

  async #installSecond({ file, confirm }: RollingRequest, saved: Saved, call: JobCall, again: boolean): Promise<void> {
    const pair = this.#pair;
    const { first, second, version, secondBefore, installation } = saved;
    const { last } = await pair.stateHere();
    // it was started and judged while the job waited for this core
    if (again && (isGood(last, secondBefore, version) || fallenBack(last, secondBefore) !== undefined)) return;
    const part = partOf(call, 'install-second', (kept) => call.save({ ...saved, installation: kept }));
    try {
      if (again && installation !== undefined) await pair.resumeHere(file, installation, part);
      else await pair.installHere(file, confirm, part);
    } catch (thrown) {
      if (call.signal.aborted) throw thrown;
      await this.#leave(second, call);
      throw stopped(
        second,
        version,
        asApplianceError(thrown).message,
        `${first} runs ${version} and carries everything.`,
      );
    }
  }

  async #empty(node: string, other: string, call: JobCall): Promise<void> {
    await this.#pair.maintenance(node, true);
    await this.#until(`${node} to carry nothing and ${other} to carry everything`, settleLimitMs, call, async () => {
      const nodes = (await this.#pair.pair())?.nodes ?? [];
      const left = nodes.find(({ name }) => name === node);
      return (
        left?.state === 'maintenance' &&
        left.resources === 0 &&
        nodes.some(({ name, role }) => name === other && role === 'M')
      );
    });
  }

  /** What ran before runs on the first node now; else the second keeps its firmware, with which it did. */
  async #requireCarried({ first, second, version, brokenBefore }: Saved, call: JobCall): Promise<void> {
    let missing: readonly string[] = [];
    const carried = await this.#holds(carryLimitMs, call, async () => {
      const pair = await this.#pair.pair();
      missing = pair === undefined ? missing : notRunning(pair).filter((name) => !brokenBefore.includes(name));
      return pair !== undefined && missing.length === 0;
    });
    if (carried) return;
    await this.#leave(second, call);
    const resources = missing.join(', ') || 'what ran before';
    throw refusal(
      firmwareReports.report('firmware.rolling.not-carried', { first, second, version, resources }),
      'engine-failed',
    );
  }

  async #leave(node: string, call: JobCall): Promise<void> {
    // after a restart of this node it takes a while
    await this.#until('Pacemaker to run', settleLimitMs, call, async () => (await this.#pair.pair())?.running === true);
    await this.#pair.maintenance(node, false);
  }

  async #return(node: string, call: JobCall): Promise<void> {
    await this.#leave(node, call);
    await this.#until(`${node} to be online with the data`, settleLimitMs, call, async () => {
      const pair = await this.#pair.pair();
      const data = pair?.data;
      const current = data === null || (data?.disk === 'UpToDate' && data.peerDisk === 'UpToDate');
      return pair?.ready === true && current && pair.nodes.every(({ state }) => state === 'online');
    });
  }

  async #judgeFirst({ first, second, version, firstBefore }: Saved, call: JobCall): Promise<void> {
    await this.#until(`${first} to be found healthy`, judgeLimitMs, call, async () => {
      const state = await this.#pair.stateThere();
      if (state === undefined) return false;
      const good = isGood(state.last, firstBefore, version);
      // what its judge says counts more than what the installation could not be told after a restart
      const why = fallenBack(state.last, firstBefore) ?? (good || state.failure === '' ? undefined : state.failure);
      if (why !== undefined) {
        await this.#leave(first, call);
        throw stopped(first, version, why, `${second} was not touched.`);
      }
      return good;
    });
  }

  async #judgeSecond({ first, second, version, secondBefore }: Saved, call: JobCall): Promise<void> {
    await this.#until(`${second} to be found healthy`, judgeLimitMs, call, async () => {
      const { last } = await this.#pair.stateHere();
      const why = fallenBack(last, secondBefore);
      if (why !== undefined) {
        await this.#leave(second, call);
        throw stopped(second, version, why, `${first} runs ${version} and carries everything.`);
      }
      return isGood(last, secondBefore, version);
    });
  }

  /** State of the other node, as soon as it answers. */
  async #answered(node: string, call: JobCall): Promise<PeerFirmwareState> {
    let state: PeerFirmwareState | undefined;
    await this.#until(`${node} to answer`, settleLimitMs, call, async () => {
      state = await this.#pair.stateThere();
      return state !== undefined;
    });
    if (state === undefined) throw new ApplianceError('internal', 'it answered');
    return state;
  }

  async #until(what: string, limitMs: number, call: JobCall, holds: () => Promise<boolean>): Promise<void> {
    if (await this.#holds(limitMs, call, holds)) return;
    throw new ApplianceError(
      'timeout',
      `Waited ${limitMs / 60_000} minutes for ${what}. Nothing more was touched; look at gemel cluster status.`,
    );
  }

  /** @returns false when it did not within the time. */
  async #holds(limitMs: number, call: JobCall, holds: () => Promise<boolean>): Promise<boolean> {
    const end = this.#clock.monotonic() + limitMs;
    while (!(await holds())) {
      if (this.#clock.monotonic() > end) return false;
      await this.#clock.sleep(pollMs, call.signal);
    }
    return true;
  }
}

/**
 * Resources that should run and do not, or not yet. One that somebody made may be bound to the node that was emptied, and a fencing device
 * always is: that such a one is stopped says nothing.
 */
function notRunning({ resources }: PairStatus): readonly string[] {
  const away = resources.filter(({ name, agent, state }) => {
    if (agent.startsWith('stonith:')) return false;
    if (state === 'stopped') return /^(site-|active$|cluster-ip$|data$)/.test(name);
    return state === 'failed' || state === 'blocked' || state === 'starting' || state === 'stopping';
  });
  return away.map(({ name }) => name);
}

/** The first node has begun, or has come to an end since. */
function isUnderWay({ installing, trial, last }: PeerFirmwareState, { version, firstBefore }: Saved): boolean {
  const ended = isGood(last, firstBefore, version) || fallenBack(last, firstBefore) !== undefined;
  return installing || trial?.version === version || ended;
}

/** The installation is a part of this job: it tells how far it is in words, and what it keeps is a part of what the job keeps. */
function partOf(call: JobCall, step: StepName, save: JobCall['save']): JobCall {
  return {
    ...call,
    progress: (_fraction, message) => call.progress(stepNames.indexOf(step) / stepNames.length, message),
    log: (line) => call.log(line),
    save,
  };
}

function isGood(last: HistoryEntry | null, before: number | null, version: string): boolean {
  return last !== null && last.at !== before && last.kind === 'good' && last.version === version;
}

function fallenBack(last: HistoryEntry | null, before: number | null): string | undefined {
  return last !== null && last.at !== before && last.kind === 'fell-back' ? last.reason : undefined;
}

function unfit(reason: string, remedy: string): ApplianceError {
  return refusal(firmwareReports.report('firmware.cluster.unfit', { reason, remedy }));
}

function stopped(node: string, version: string, reason: string, rest: string): ApplianceError {
  const report = firmwareReports.report('firmware.rolling.stopped', {
    node,
    version,
    reason: reason.replace(/\.$/, ''),
    rest,
  });
  return refusal(report, 'engine-failed');
}
