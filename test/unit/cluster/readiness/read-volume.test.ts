import { ScriptedSystem } from '#core/testing/index.js';
import { drbdFile } from '#cluster/drbd/drbd-resource.js';
import type { NodeView } from '#cluster/readiness/node-view.js';
import { readVolume } from '#cluster/readiness/read-volume.js';
import test from 'ava';

const version = 'version: 8.4.11 (api:1/proto:86-101)\n';
const running = `${version} 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n`;

const cases: readonly [string, Readonly<Record<string, string>>, NodeView['volume']][] = [
  ['a volume that runs', { '/proc/drbd': running, [drbdFile]: 'resource gemel {}' }, 'replicated'],
  [
    'a volume that is down, as on a node that was disconnected',
    { '/proc/drbd': version, [drbdFile]: 'x' },
    'replicated',
  ],
  ['a device without the partition', { '/proc/drbd': version }, 'absent'],
  ['a kernel without DRBD', { [drbdFile]: 'resource gemel {}' }, 'absent'],
  ['a container', { '/run/systemd/container': 'systemd-nspawn\n' }, 'folder'],
];

for (const [name, files, volume] of cases)
  test(`${name} is ${volume}`, async (t) => t.is(await readVolume(new ScriptedSystem({ files })), volume));
