import { ApplianceError, type Clock, type JobCall } from '@gemel/core/sdk';
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
});
type Saved = z.output<typeof savedSchema>;

/** An emulated node needs ten minutes to install, start and be judged; what takes longer needs a look. */
const judgeLimitMs = 45 * 60_000;
/** Resources leave, data is synchronised. */
const settleLimitMs = 30 * 60_000;
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
 * being updated carries everything.
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
    const { first, second } = await this.#requireReady();
    return this.#go(request, { step: 'copy', version, first, second, firstBefore: null, secondBefore: null }, call);
  }

  /** After a restart of core or of this node. */
  async resume(request: RollingRequest, saved: unknown, call: JobCall): Promise<RolledOut> {
    if (saved === null)
      throw new ApplianceError('cancelled', 'Core was restarted before anything was done. Begin again.');
    return this.#go(request, savedSchema.parse(saved), call);
  }

  async #requireReady(): Promise<{ readonly first: string; readonly second: string }> {
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
    return { first: there.name, second: here.name };
  }

  async #go(request: RollingRequest, begun: Saved, call: JobCall): Promise<RolledOut> {
    const saved = { ...begun };
    for (const step of stepNames.slice(stepNames.indexOf(begun.step))) {
      saved.step = step;
      await call.save({ ...saved });
      Object.assign(saved, await this.#step(step, request, saved, call, step === begun.step));
    }
    call.progress(1, 'both nodes are updated');
    return { version: saved.version, nodes: [saved.first, saved.second] };
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
        return { firstBefore: (await pair.stateThere())?.last?.at ?? null };
      case 'install-first': {
        say(`installing ${version} on ${first}`);
        const there = again ? await pair.stateThere() : undefined;
        // asked for before core was restarted: it goes on over there
        if (there?.installing !== true && there?.trial?.version !== version)
          await pair.installThere(request.confirm, call.caller.name);
        return {};
      }
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
        return { secondBefore: (await pair.stateHere()).last?.at ?? null };
      case 'install-second': {
        say(`installing ${version} on ${second}, which restarts then`);
        const { trial } = await pair.stateHere();
        if (trial?.version !== version) await pair.installHere(request.file, request.confirm, partOf(call, step));
        return {};
      }
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

  async #return(node: string, call: JobCall): Promise<void> {
    // after a restart of this node it takes a while
    await this.#until('Pacemaker to run', settleLimitMs, call, async () => (await this.#pair.pair())?.running === true);
    await this.#pair.maintenance(node, false);
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
      const why = state.failure !== '' ? state.failure : fallenBack(state.last, firstBefore);
      if (why !== undefined) {
        await this.#pair.maintenance(first, false);
        throw stopped(first, version, why, `${second} was not touched.`);
      }
      return isGood(state.last, firstBefore, version);
    });
  }

  async #judgeSecond({ first, second, version, secondBefore }: Saved, call: JobCall): Promise<void> {
    await this.#until(`${second} to be found healthy`, judgeLimitMs, call, async () => {
      const { last } = await this.#pair.stateHere();
      const why = fallenBack(last, secondBefore);
      if (why !== undefined) {
        await this.#pair.maintenance(second, false);
        throw stopped(second, version, why, `${first} runs ${version} and carries everything.`);
      }
      return isGood(last, secondBefore, version);
    });
  }

  async #until(what: string, limitMs: number, call: JobCall, holds: () => Promise<boolean>): Promise<void> {
    const end = this.#clock.monotonic() + limitMs;
    while (!(await holds())) {
      if (this.#clock.monotonic() > end)
        throw new ApplianceError(
          'timeout',
          `Waited ${limitMs / 60_000} minutes for ${what}. Nothing more was touched; look at gemel cluster status.`,
        );
      await this.#clock.sleep(pollMs, call.signal);
    }
  }
}

/** The installation is a part of this job: it tells how far it is in words, and must not overwrite what the job kept. */
function partOf(call: JobCall, step: StepName): JobCall {
  return {
    ...call,
    progress: (_fraction, message) => call.progress(stepNames.indexOf(step) / stepNames.length, message),
    log: (line) => call.log(line),
    save: async () => undefined,
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
