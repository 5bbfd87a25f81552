import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { Checks } from '../checks.ts';
import { SandboxAppliance } from './sandbox-appliance.ts';

interface Activated {
  readonly outcome: string;
  readonly revision: number;
}
interface Applied {
  readonly activation: Activated;
}
interface History {
  readonly revisions: readonly { readonly revision: number; readonly state: string; readonly comment: string }[];
}

/** The whole way of a setting, and what happens when nobody confirms. */
export async function settingsChecks(checks: Checks): Promise<void> {
  await using box = await SandboxAppliance.start();
  const files = { netdev: box.path('root/run/systemd/network/20-gemel-bond0.netdev') };

  await checks.check('a fresh appliance says that all is well', async () => {
    const text = await box.must('status');
    assert.match(text, /Settings\s+● revision 1 confirmed/);
    assert.doesNotMatch(text, /\u001b/, 'no colours into a pipe');
    const { lines } = await box.json<{ readonly lines: readonly { readonly label: string }[] }>('status');
    assert.ok(lines.some(({ label }) => label === 'Settings'));
  });

  await checks.check('what is exported applies again, and there is nothing to do', async () => {
    const exported = await box.must('settings', 'export');
    await writeFile(box.path('export.json'), exported);
    assert.match(await box.must('settings', 'apply', box.path('export.json')), /Nothing to activate/);
    assert.equal((await box.status()).confirmed, 1);
  });

  await checks.check('a change is pending, planned, activated and kept in the history', async () => {
    await box.must('time', 'zone', 'set', 'Europe/Berlin');
    assert.equal((await box.status()).pending, 1);
    assert.match(await box.must('settings', 'compare'), /timeZone.*Europe\/Berlin/);
    await box.must('settings', 'plan');
    const activated = await box.json<Activated>('settings', 'activate', '--comment', 'summer');
    assert.deepEqual([activated.outcome, activated.revision], ['confirmed', 2]);
    const { revisions } = await box.json<History>('settings', 'history');
    assert.deepEqual(
      revisions.map(({ revision, state }) => [revision, state]),
      [
        [2, 'confirmed'],
        [1, 'former'],
      ],
    );
    assert.equal(revisions[0]?.comment, 'summer');
    assert.match(await box.must('settings', 'diff', '1', '2'), /time\/timeZone: .* → Europe\/Berlin/);
  });

  await checks.check('an edited file applies once; the second time there is nothing to do', async () => {
    const text = await box.must('settings', 'export');
    await writeFile(box.path('edited.json'), text.replace('Europe/Berlin', 'Asia/Tokyo'));
    const first = await box.json<Applied>('settings', 'apply', box.path('edited.json'));
    const second = await box.json<Applied>('settings', 'apply', box.path('edited.json'));
    assert.deepEqual([first.activation.outcome, second.activation.outcome], ['confirmed', 'unchanged']);
    assert.equal(second.activation.revision, first.activation.revision);
  });

  await checks.check('an old revision comes back as a new one', async () => {
    await box.must('settings', 'rollback', '2');
    assert.equal((await box.status()).confirmed, 4);
    assert.match(await box.must('settings', 'diff', '2', '4'), /hold the same settings/);
  });

  await checks.check('pending changes can be dropped', async () => {
    await box.must('settings', 'set', 'device/location', 'cellar');
    await box.must('settings', 'revert', 'device/location');
    assert.equal((await box.status()).pending, 0);
  });

  await checks.check('a bond awaits confirmation, is undone, and is confirmed', async () => {
    await editBond(box, '10.1.2.3/24');
    const activated = await box.json<Activated>('settings', 'activate');
    assert.equal(activated.outcome, 'awaiting-confirmation');
    assert.match(await box.must('status'), /await/);
    assert.ok(existsSync(files.netdev));
    await box.must('settings', 'undo');
    assert.ok(!existsSync(files.netdev), 'the bond is gone again');
    assert.equal((await box.status()).state, 'rolled-back');

    await box.must('settings', 'activate');
    await box.must('settings', 'confirm');
    const { state, confirmed, running } = await box.status();
    assert.deepEqual([state, confirmed, running], ['confirmed', 6, 6]);
    assert.match(await readFile(files.netdev, 'utf8'), /Mode=active-backup/);
    await box.refused(5, 'settings', 'confirm');
    await box.refused(5, 'settings', 'undo');
  });

  await checks.check('a window that runs out brings the old settings back', async () => {
    await box.must('settings', 'set', 'network/bonds/bond0/mtu', '1400');
    const { outcome } = await box.json<Activated>('settings', 'activate', '--confirm-seconds', '10', '--wait');
    assert.equal(outcome, 'rolled-back');
    const { confirmed, running, pending } = await box.status();
    assert.deepEqual([confirmed, running, pending], [6, 6, 1], 'the change is in the draft again');
    await box.must('settings', 'revert');
  });

  await checks.check('core killed in the window goes on with it, and takes it back in time', async () => {
    await box.must('settings', 'set', 'network/bonds/bond0/mtu', '1300');
    await box.must('settings', 'activate', '--confirm-seconds', '12');
    await box.restart('SIGKILL');
    const resumed = await box.status();
    assert.equal(resumed.state, 'awaiting-confirmation');
    assert.ok((resumed.secondsLeft ?? 0) <= 12);
    assert.match(await networkOf(box), /MTUBytes=1300/);
    await box.until('the revision is taken back', 25, async () => (await box.status()).state === 'rolled-back');
    assert.doesNotMatch(await networkOf(box), /MTUBytes=1300/);
    await box.must('settings', 'revert');
  });

  await checks.check('core killed, and started after the window: the old settings', async () => {
    await box.must('settings', 'set', 'network/bonds/bond0/mtu', '1200');
    await box.must('settings', 'activate', '--confirm-seconds', '10');
    await box.end('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 10_500));
    await box.start();
    const { state, running, confirmed } = await box.status();
    assert.deepEqual([state, running, confirmed], ['rolled-back', 6, 6]);
    assert.doesNotMatch(await networkOf(box), /MTUBytes=1200/);
    await box.must('settings', 'revert');
  });

  await checks.check('two edit at once: both are pending; what another confirmed meanwhile collides', async () => {
    await Promise.all([
      box.must('settings', 'set', 'device/location', 'rack 7'),
      box.must('settings', 'set', 'device/contact', 'jane'),
      box.must('settings', 'set', 'dns/searchDomains', 'example.org'),
    ]);
    assert.equal((await box.status()).pending, 3);
    const other = (await box.must('settings', 'export')).replace(/"location": ".*"/, '"location": "rack 9"');
    await writeFile(box.path('other.json'), other);
    await box.must('settings', 'apply', box.path('other.json'));
    const refused = await box.refused(5, 'settings', 'activate');
    assert.match(refused, /device\/location/);
    await box.must('settings', 'revert', 'device/location');
    await box.must('settings', 'activate');
    const { value } = await box.json<{ readonly value: unknown }>('settings', 'show', 'device');
    assert.deepEqual(value, { hostName: 'gemel', domain: '', location: 'rack 9', contact: 'jane' });
  });

  await checks.check('a change of what was changed since one looked is refused', async () => {
    const stale = await box.refused(5, 'settings', 'set', 'device/contact', 'joe', '--base-revision', '1');
    assert.match(stale, /device\/contact/);
    await box.must('settings', 'set', 'device/domain', 'example.org', '--base-revision', '1');
  });
}

async function editBond(box: SandboxAppliance, address: string): Promise<void> {
  await box.must('network', 'mode', 'set', 'advanced', '--yes');
  await box.must('network', 'bond', 'create', 'bond0', '--members', 'eth1,eth2', '--address', address);
}

async function networkOf(box: SandboxAppliance): Promise<string> {
  return readFile(box.path('root/run/systemd/network/20-gemel-bond0.network'), 'utf8');
}
