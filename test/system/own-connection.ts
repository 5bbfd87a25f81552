/** An operator on an SSH connection takes away the interface it comes in on. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { address, until } from '../accept/appliance-in-lab.ts';
import { mustRun } from '../../firmware/run-command.ts';
import type { Case } from './cases.ts';
import { activation, failureOf, mustAll, network } from './guest.ts';

const windowSeconds = 20;

export const ownConnection: Case = {
  title: "the interface of the operator's own connection is removed",
  async run(appliance, check) {
    const folder = await mkdtemp(join(tmpdir(), 'bad-days-'));
    try {
      const key = join(folder, 'key');
      await mustRun(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key]);
      const publicKey = (await readFile(`${key}.pub`, 'utf8')).trim();
      await mustAll(appliance, [
        `install -d -m 700 /root/.ssh && echo '${publicKey}' > /root/.ssh/authorized_keys`,
        'ssh-keygen -q -t ed25519 -N "" -f /run/host-key && mkdir -p /run/sshd && /usr/sbin/sshd -h /run/host-key',
      ]);
      const ssh = (line: string, seconds: number) =>
        appliance.lab.client.exec([
          ...['timeout', String(seconds), 'ssh', '-F', 'none', '-i', key, '-o', 'BatchMode=yes'],
          ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
          ...[`root@${address}`, line],
        ]);
      const before = await network(appliance);
      const refused = await ssh('gemel network bond delete bond0 >/dev/null; gemel settings activate --json', 90);
      const report = failureOf(refused).reports.find(({ code }) => code === 'network.connection.lost');
      check(refused.code === 1 && report?.forceCode === 'connection-lost', `refused: ${report?.text}`);
      check(
        /Your own connection comes in at 10\.77\.0\.11 on bond0, which this change takes away\. Connect by another/.test(
          report?.text ?? '',
        ),
        'the report names the connection, the reason and the remedy, with a force code',
      );
      check((await network(appliance)) === before, 'the network is as before');

      // The connection freezes with the change; its own end is not waited for.
      const forced = ssh(
        `gemel settings activate --force connection-lost --confirm-seconds ${windowSeconds} --json`,
        90,
      );
      await until('bond0 to go', 90, async () => !(await appliance.answersPing()));
      const gone = performance.now();
      check(true, 'forced, the way in is gone');
      await until('the way in to return', windowSeconds + 90, async () => appliance.answersPing());
      const seconds = (performance.now() - gone) / 1_000;
      check(seconds < windowSeconds + 40, `it is back after ${seconds.toFixed(0)} s (window ${windowSeconds} s)`);
      await until('the rollback to end', 60, async () => (await activation(appliance)).state === 'rolled-back');
      check((await network(appliance)) === before, 'the network is the old one');
      await forced;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
