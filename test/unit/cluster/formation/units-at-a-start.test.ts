import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

const systemd = join(import.meta.dirname, '../../../../../systemd');
const onlyAlone = 'ConditionPathExists=!/var/lib/gemel/cluster/corosync.conf';

test('no mount that only a single appliance has is wanted at a start: it would wait for a device that a node of a pair gets from Pacemaker', (t) => {
  const mounts = readdirSync(join(systemd, 'system')).filter((name) => name.endsWith('.mount'));
  const presets = readdirSync(join(systemd, 'system-preset'))
    .map((name) => readFileSync(join(systemd, 'system-preset', name), 'utf8'))
    .join('');
  const unlessPair = mounts.filter((name) => read(name).includes(onlyAlone));
  t.deepEqual(unlessPair, ['srv-gemel.mount']);
  t.deepEqual(
    unlessPair.filter((name) => read(name).includes('WantedBy=') || presets.includes(name)),
    [],
  );
});

function read(name: string): string {
  return readFileSync(join(systemd, 'system', name), 'utf8');
}
