import { addClusterHealth } from '#cluster/health/cluster-health.js';
import type { PairStatus } from '#cluster/status/pair-schema.js';
import type { HealthCheck, HealthReport, PluginContext } from '@gemel/core/sdk';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';
import { pair } from '../pair.js';

const member = {
  '/var/lib/gemel/cluster/corosync.conf': 'totem {}',
  '/var/lib/gemel/cluster/drbd.d/gemel.res': 'resource gemel {}',
};
const single = { '/var/lib/gemel/cluster/drbd.d/gemel.res': 'resource gemel {}' };
const passive = ' 0: cs:Connected ro:Secondary/Primary ds:UpToDate/UpToDate C r-----\n';
const down = ' 0: cs:Unconfigured\n';

interface World {
  readonly files: Readonly<Record<string, string>>;
  readonly active?: readonly string[];
  readonly failed?: readonly string[];
  readonly seen?: PairStatus | undefined;
}

/** @returns what `engines` and `volume` found: `undefined` for healthy, else the reason. */
async function found({ files, active = [], failed = [], seen }: World): Promise<(string | undefined)[]> {
  const system = new ScriptedSystem({ files });
  for (const unit of active) system.units.add(unit, 'active');
  for (const unit of failed) system.units.add(unit, 'failed');
  const checks = new Map<string, HealthCheck>();
  const addHealthCheck = (name: string, check: HealthCheck) => void checks.set(name, check);
  addClusterHealth({ system, addHealthCheck } as unknown as PluginContext, async () => seen); // it uses no more of it
  return Promise.all(
    ['engines', 'volume'].map(async (name) => {
      // these two look at one thing each
      const report = (await checks.get(name)?.(AbortSignal.timeout(1_000))) as HealthReport;
      return report.healthy ? undefined : report.reason;
    }),
  );
}

const role = ['gemel-active.target'];
const engines = ['corosync.service', 'pacemaker.service'];
const well = [undefined, undefined];

test('a single appliance is healthy with its volume mounted and its role held', async (t) => {
  const files = { ...single, '/proc/drbd': ' 0: cs:StandAlone ro:Primary/Unknown ds:UpToDate/DUnknown   r-----\n' };
  t.deepEqual(await found({ files, active: [...role, 'gemel-shared.service', 'srv-gemel.mount'] }), well);
  t.deepEqual(await found({ files, active: role, failed: ['gemel-shared.service'] }), [
    undefined,
    'srv-gemel.mount is inactive, gemel-shared.service failed; see journalctl -u gemel-shared',
  ]);
  t.deepEqual(await found({ files: single, active: [...role, 'srv-gemel.mount'] }), [
    undefined,
    'this kernel has no DRBD; see modprobe drbd',
  ]);
  t.deepEqual(await found({ files, active: ['srv-gemel.mount'] }), [
    'gemel-active.target is inactive; see journalctl -u gemel-active-alone',
    undefined,
  ]);
});

test('a device without a data volume is healthy, unless making one failed', async (t) => {
  t.deepEqual(await found({ files: {}, active: role }), well);
  const [, volume] = await found({ files: {}, active: role, failed: ['gemel-shared.service'] });
  t.is(volume, 'this kernel has no DRBD; see modprobe drbd');
});

test('in a container the pair shares a folder, and only the engines count', async (t) => {
  const files = { '/run/systemd/container': 'docker', '/var/lib/gemel/cluster/corosync.conf': 'totem {}' };
  t.deepEqual(await found({ files, active: engines, seen: await pair('pair') }), well);
});

test('the passive node is healthy without a mount, and the active one is not', async (t) => {
  const seen = await pair('pair');
  t.deepEqual(await found({ files: { ...member, '/proc/drbd': passive }, active: engines, seen }), well);
  const primary = passive.replace('Secondary/Primary', 'Primary/Secondary');
  t.deepEqual(await found({ files: { ...member, '/proc/drbd': primary }, active: engines, seen }), [
    undefined,
    'DRBD is Primary, and srv-gemel.mount is inactive',
  ]);
  const diskless = passive.replace('ds:UpToDate/', 'ds:Diskless/');
  t.deepEqual(await found({ files: { ...member, '/proc/drbd': diskless }, active: engines, seen }), [
    undefined,
    'DRBD has no disk on this node: Diskless',
  ]);
});

test('in maintenance the volume is down and that is well, as long as the kernel has DRBD', async (t) => {
  const seen = await pair('standby');
  t.deepEqual(await found({ files: { ...member, '/proc/drbd': down }, active: engines, seen }), well);
  t.deepEqual(await found({ files: member, active: engines, seen }), [
    undefined,
    'this kernel has no DRBD; see modprobe drbd',
  ]);
  t.deepEqual(await found({ files: { ...member, '/proc/drbd': down }, active: engines, seen: await pair('pair') }), [
    undefined,
    'DRBD is down on this node; see gemel cluster status',
  ]);
});

test('engines that do not run, do not answer or are in no membership are unhealthy', async (t) => {
  const files = { ...member, '/proc/drbd': passive };
  const engine = async (world: Omit<World, 'files'>) => (await found({ files, ...world }))[0];
  t.is(
    await engine({ active: ['corosync.service'], failed: ['pacemaker.service'], seen: await pair('pair') }),
    'pacemaker.service is failed; see journalctl -u pacemaker.service',
  );
  t.is(await engine({ active: engines }), 'Pacemaker does not answer; see journalctl -u pacemaker');
  t.is(
    await engine({ active: engines, seen: await pair('pair', { picture: undefined }) }),
    'Pacemaker does not answer; see journalctl -u pacemaker',
  );
  t.is(
    await engine({ active: engines, seen: await pair('lost') }),
    'Pacemaker has this node as offline; see crm_mon -1',
  );
});

test('a node that was told to stay off, and one whose cluster is being changed, are healthy without engines', async (t) => {
  const files = { ...member, '/proc/drbd': down };
  t.deepEqual(await found({ files: { ...files, '/var/lib/gemel/cluster/stay-off': '' } }), well);
  t.deepEqual(
    await found({ files: { ...files, '/var/lib/gemel/cluster/transaction.json': '{"kind":"connect"}' } }),
    well,
  );
});

test('a change of what the engines read, which waits for the other node, hides no engine that is down', async (t) => {
  const journal = { '/var/lib/gemel/cluster/transaction.json': '{"kind":"configure"}\n' };
  const files = { ...member, ...journal, '/proc/drbd': passive };
  t.deepEqual(await found({ files, active: engines, seen: await pair('pair') }), well);
  t.deepEqual(await found({ files, active: ['corosync.service'], failed: ['pacemaker.service'] }), [
    'pacemaker.service is failed; see journalctl -u pacemaker.service',
    undefined,
  ]);
});
