import { ApplianceError } from '@gemel/core/sdk';
import { MemoryFileStore, ScriptedCommands } from '@gemel/core/testing';
import { SandboxCommands } from '#core/system/sandbox/sandbox-commands.js';
import { SandboxLinks } from '#core/system/sandbox/sandbox-links.js';
import test from 'ava';

const folder = '/run/systemd/network';

async function world() {
  const files = new MemoryFileStore({
    [`${folder}/20-bond0.netdev`]: '[NetDev]\nName=bond0\nKind=bond\n\n[Bond]\nMode=802.3ad\n',
    [`${folder}/20-bond0.network`]: '[Match]\nName=bond0\n',
  });
  const links = new SandboxLinks();
  await links.reload(files);
  const commands = new SandboxCommands({ runner: new ScriptedCommands(), files, links, locate: (path) => path });
  const batch = (input: string) => commands.run(['ip', '-force', '-batch', '-'], { input });
  return { links, commands, batch };
}

test('runs a batch of ip on the model', async (t) => {
  const { links, batch } = await world();
  const set = await batch('link set dev bond0 type bond lp_interval 7\naddress delete 192.0.2.1/24 dev bond0\n');
  t.deepEqual(set, { exitCode: 0, stdout: '', stderr: '' });
  t.regex(links.addressShow(), /"lp_interval":7/);
  t.is((await batch('link delete dev bond0\n')).exitCode, 0);
  t.notRegex(links.addressShow(), /"ifname":"bond0"/);
});

test('a line of a batch that fails does not stop the others', async (t) => {
  const { links, batch } = await world();
  t.deepEqual(await batch('link delete dev bond7\nlink delete dev bond0\n'), {
    exitCode: 1,
    stdout: '',
    stderr: 'Cannot find device "bond7"\nCommand failed -:1\n',
  });
  t.notRegex(links.addressShow(), /"ifname":"bond0"/);
});

test('refuses what the model does not have, also in a batch', async (t) => {
  const { commands, batch } = await world();
  await t.throwsAsync(batch('route add default via 192.0.2.1\n'), { instanceOf: ApplianceError });
  await t.throwsAsync(commands.run(['reboot']), { instanceOf: ApplianceError });
});
