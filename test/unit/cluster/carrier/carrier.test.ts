import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { libexec, ScriptFolder } from '../../script-folder.js';

const conf = `nodelist {
  node {
    ring0_addr: 10.78.0.11
    ring1_addr: 10.77.0.11
  }
}
`;

/** `gemel-carrier` of a node with two links, which looks ten times a second. A line in the file `event` is what the kernel says. */
function carrier(t: ExecutionContext) {
  const folder = new ScriptFolder(t);
  for (const name of ['ext', 'sync']) folder.put(`net/${name}/carrier`, '1');
  folder.put('conf', conf.replaceAll('  node {', '  node {\n    name: here'));
  members(2);
  folder.put('event', '');
  folder.program('uname', 'echo here');
  folder.program(
    'ip',
    `case "$*" in
  *monitor*) exec tail -n 0 -f "$FOLDER/event" ;;
  *10.78.0.11) echo '2: sync inet' | tr -d : ;;
  *) echo '1: ext inet' | tr -d : ;;
esac`,
  );
  folder.program('corosync-quorumtool', 'echo looked >>"$FOLDER/looks"; cat "$FOLDER/members"');
  folder.program('attrd_updater');
  folder.recording('systemctl');
  const text = readFileSync(join(libexec, 'gemel-carrier'), 'utf8');
  folder.executable(
    'carrier',
    text
      .replace('/sys/class/net', folder.path('net'))
      .replace(/^again=2$/m, 'again=0.1')
      .replace(/^steady=2$/m, 'steady=0'),
  );
  const child = spawn(folder.path('carrier'), [folder.path('conf')], { env: folder.environment(), detached: true });
  t.teardown(() => child.pid !== undefined && process.kill(-child.pid));
  function members(count: number): void {
    folder.put('members', Array.from({ length: count }, (_, index) => `    ${index + 1}          1 node\n`).join(''));
  }
  function dark(...names: readonly string[]): void {
    for (const name of names) folder.put(`net/${name}/carrier`, '0');
    folder.put('event', 'link\n');
  }
  return { folder, members, dark };
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !holds(); turn += 1) await sleep(50);
}

const givesUp = 'systemctl start --no-block gemel-cluster-isolated.service';

test('a node gives up what it carries when both links are dark, though Corosync was the first to notice', async (t) => {
  const { folder, members, dark } = carrier(t);
  await until(() => folder.read('looks') !== '');
  members(1);
  dark('ext', 'sync');
  await until(() => folder.record.includes(givesUp));
  t.true(folder.record.includes(givesUp));
});

test('a node whose other one is gone for long keeps what it carries when its links are dark', async (t) => {
  const { folder, members, dark } = carrier(t);
  members(1);
  await until(() => folder.read('looks') !== '');
  folder.put('looks', '');
  dark('ext', 'sync');
  await until(() => folder.read('looks').length > 20);
  t.deepEqual(folder.record, []);
});
