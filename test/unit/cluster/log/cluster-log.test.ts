import { ScriptedSystem } from '@gemel/core/testing';
import { ClusterLog } from '#cluster/log/cluster-log.js';
import { type LogEntry, mergeEntries, parseEntries } from '#cluster/log/log-entry.js';
import test from 'ava';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const folder = '/var/lib/gemel/plugin-data/cluster';

function makeLog(system: ScriptedSystem, node = 'node1') {
  return new ClusterLog({ files: system.files, clock: system.clock, log, folder, node: () => node });
}

test('keeps entries over a restart, oldest first', async (t) => {
  const system = new ScriptedSystem();
  await makeLog(system).add({ kind: 'node', severity: 'warning', text: 'one' });
  await makeLog(system).add({ kind: 'node', severity: 'info', text: 'two', details: ['why'] });
  const entries = await makeLog(system).newest(10);
  t.deepEqual(
    entries.map(({ node, text, details }) => [node, text, ...details]),
    [
      ['node1', 'one'],
      ['node1', 'two', 'why'],
    ],
  );
  t.deepEqual(
    (await makeLog(system).newest(1)).map(({ text }) => text),
    ['two'],
  );
});

test('is bounded: the oldest half goes when both files are full', async (t) => {
  const entry = (text: string) =>
    JSON.stringify({ at: 1, node: 'a', kind: 'node', severity: 'info', text, details: [] });
  const full = `${Array.from({ length: 4_000 }, (_each, index) => entry(`new ${index}`)).join('\n')}\n`;
  const system = new ScriptedSystem({
    files: { [`${folder}/cluster-log.jsonl`]: full, [`${folder}/cluster-log.older.jsonl`]: `${entry('old')}\n` },
  });
  const clusterLog = makeLog(system);
  await clusterLog.add({ kind: 'node', severity: 'info', text: 'last' });
  const entries = await clusterLog.newest(10_000);
  t.deepEqual([entries.length, entries[0]?.text, entries.at(-1)?.text], [4_001, 'new 0', 'last']);
});

test('a torn line costs that line only', (t) => {
  const line = JSON.stringify({ at: 1, node: 'a', kind: 'node', severity: 'info', text: 'whole', details: [] });
  t.deepEqual(
    parseEntries(`${line}\n{"at":2,"no`).map(({ text }) => text),
    ['whole'],
  );
});

test("puts both nodes' entries in the order of time", (t) => {
  const at = (time: number, node: string): LogEntry => {
    return { at: time, node, kind: 'node', severity: 'info', text: '', details: [] };
  };
  const merged = mergeEntries([at(1, 'a'), at(4, 'a')], [at(2, 'b'), at(3, 'b')], 3);
  t.deepEqual(
    merged.map((entry) => entry.at),
    [2, 3, 4],
  );
});

test('a full disk stops nothing', async (t) => {
  const system = new ScriptedSystem();
  system.faults.failAt(1);
  const complaints: string[] = [];
  const loud = { ...log, error: (_fields: object, text: string) => complaints.push(text) };
  const clusterLog = new ClusterLog({ files: system.files, clock: system.clock, log: loud, folder, node: () => 'a' });
  await clusterLog.add({ kind: 'node', severity: 'info', text: 'lost' });
  await clusterLog.add({ kind: 'node', severity: 'info', text: 'kept' });
  t.deepEqual(complaints, ['the Cluster Log is not written']);
  t.deepEqual(
    (await clusterLog.newest(5)).map(({ text }) => text),
    ['kept'],
  );
});
