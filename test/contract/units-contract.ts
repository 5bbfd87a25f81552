import assert from 'node:assert/strict';
import type { UnitManager } from '@gemel/core/sdk';
import type { ContractCase } from './contract-case.js';

export interface UnitsSubject {
  readonly units: UnitManager;
  /** A unit that can be started and stopped, and is stopped. */
  readonly unit: string;
  /** A unit that exists in no system. */
  readonly absent: string;
  readonly pass: (ms: number) => Promise<void>;
}

const notFound = { name: 'ApplianceError', code: 'not-found' };

export const unitsContract: readonly ContractCase<UnitsSubject>[] = [
  {
    title: 'says that an absent unit is not found, and refuses to start it',
    run: async ({ units, absent }) => {
      const { loadState, activeState, mainPid } = await units.status(absent);
      assert.deepEqual(
        { loadState, activeState, mainPid },
        { loadState: 'not-found', activeState: 'inactive', mainPid: null },
      );
      await assert.rejects(units.start(absent), notFound);
    },
  },
  {
    title: 'has a unit active when start returns and inactive when stop returns',
    run: async ({ units, unit }) => {
      await units.start(unit);
      assert.equal((await units.status(unit)).activeState, 'active');
      await units.start(unit);
      await units.stop(unit);
      assert.equal((await units.status(unit)).activeState, 'inactive');
    },
  },
  {
    title: 'restart and reload start a unit that is stopped',
    run: async ({ units, unit }) => {
      await units.restart(unit);
      assert.equal((await units.status(unit)).activeState, 'active');
      await units.stop(unit);
      await units.reloadOrRestart(unit);
      assert.equal((await units.status(unit)).activeState, 'active');
      await units.stop(unit);
    },
  },
  {
    title: 'a unit that was killed has ended when a stop after it returns',
    run: async ({ units, unit }) => {
      await units.start(unit);
      await units.kill(unit);
      await units.stop(unit);
      assert.notEqual((await units.status(unit)).activeState, 'active');
      await units.start(unit);
      assert.equal((await units.status(unit)).activeState, 'active');
      await units.stop(unit);
    },
  },
  {
    title: 'a timer starts its unit after the time and is gone',
    run: async ({ units, unit, pass }) => {
      await units.startTimer({ name: 'gemel-guard-1.timer', unit, afterMs: 600 });
      assert.equal((await units.status(unit)).activeState, 'inactive');
      await pass(300);
      assert.equal((await units.status(unit)).activeState, 'inactive');
      await pass(900);
      assert.equal((await units.status(unit)).activeState, 'active');
      await units.stop(unit);
      await units.stopTimer('gemel-guard-1.timer');
    },
  },
  {
    title: 'a timer that is stopped starts nothing, and stopping an absent one is fine',
    run: async ({ units, unit, pass }) => {
      await units.startTimer({ name: 'gemel-guard-2.timer', unit, afterMs: 300 });
      await units.stopTimer('gemel-guard-2.timer');
      await units.stopTimer('gemel-guard-2.timer');
      await units.stopTimer('gemel-guard-9.timer');
      await pass(700);
      assert.equal((await units.status(unit)).activeState, 'inactive');
    },
  },
  {
    title: 'a timer that is started again counts from then',
    run: async ({ units, unit, pass }) => {
      await units.startTimer({ name: 'gemel-guard-3.timer', unit, afterMs: 400 });
      await pass(200);
      await units.startTimer({ name: 'gemel-guard-3.timer', unit, afterMs: 2_000 });
      await pass(700);
      assert.equal((await units.status(unit)).activeState, 'inactive');
      await units.stopTimer('gemel-guard-3.timer');
    },
  },
];
