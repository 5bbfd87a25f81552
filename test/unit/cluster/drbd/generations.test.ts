import test from 'ava';
import { ApplianceError } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import { readPartedData } from '#cluster/drbd/generations.js';

const asked = ['drbdadm', 'get-gi', 'gemel'];
const generations = '45B2318CE2667D36:0000000000000000:0ACC28695F6E6C1E:0ACB28695F6E6C1E:1:1:0:1:0:0:1';

function withConnection(connection: string): ScriptedSystem {
  const line = ` 0: cs:${connection} ro:Primary/Unknown ds:UpToDate/DUnknown   r-----`;
  return new ScriptedSystem({ files: { '/proc/drbd': `version: 8.4.11 (api:1/proto:86-101)\n${line}\n` } });
}

test('asks DRBD for the generations only when it gave the connection up, or waits for one that did', async (t) => {
  const waiting = withConnection('WFConnection');
  t.is(await readPartedData(waiting, { waiting: false }), undefined);
  waiting.commands.once(asked, `${generations}\n`);
  t.deepEqual(await readPartedData(waiting, { waiting: true }), { gaveUp: false, generations });
  const parted = withConnection('StandAlone');
  parted.commands.once(asked, `${generations}\n`);
  t.deepEqual(await readPartedData(parted, { waiting: false }), { gaveUp: true, generations });
  t.is(await readPartedData(withConnection('SyncSource'), { waiting: true }), undefined);
});

test('generations that cannot be read are not known', async (t) => {
  const system = withConnection('StandAlone');
  system.commands.once(asked, { exitCode: 10, stderr: 'no such resource\n' });
  system.commands.once(asked, new ApplianceError('timeout', 'drbdadm did not end within 10 s and was stopped.'));
  t.deepEqual(await readPartedData(system, { waiting: false }), { gaveUp: true });
  t.deepEqual(await readPartedData(system, { waiting: false }), { gaveUp: true });
});
