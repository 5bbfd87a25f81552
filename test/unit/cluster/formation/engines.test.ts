import { Engines } from '#cluster/formation/engines.js';
import { ApplianceError } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';
import { crmMon } from '../crm-mon.js';

const operational = crmMon({ nodes: { node1: {} }, active: 'node1' });

/** Looks that end as given, one after the other. */
function engines(...looks: readonly (string | ApplianceError)[]): {
  readonly engines: Engines;
  readonly done: () => number;
} {
  const { units } = new ScriptedSystem();
  let done = 0;
  const run = async () => {
    const look = looks[done++];
    if (look === undefined || look instanceof ApplianceError) throw look;
    return { exitCode: 0, stdout: look, stderr: '' };
  };
  const clock = { monotonic: () => 0, sleep: async () => undefined };
  return { engines: new Engines({ units, clock, commands: { run } } as never), done: () => done };
}

test('a look at the cluster that takes too long is followed by another one', async (t) => {
  const { engines: own, done } = engines(new ApplianceError('timeout', 'crm_mon did not end'), operational);
  await own.operational(['node1'], new AbortController().signal);
  t.is(done(), 2);
});

test('a look that fails otherwise ends the waiting', async (t) => {
  const { engines: own } = engines(new ApplianceError('unavailable', 'there is no crm_mon'), operational);
  await t.throwsAsync(own.operational(['node1'], new AbortController().signal), { message: 'there is no crm_mon' });
});
