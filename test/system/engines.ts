/** Engines that are absent, die, hang or stand still while settings are activated. */
import { address } from '../accept/appliance-in-lab.ts';
import type { Case } from './cases.ts';
import { activation, activationOf, batch, failureOf, holdsWithin, mustAll, network, showActivation } from './guest.ts';

const newAddress = '10.77.0.12';
const edit = `gemel network address remove bond0 ${address}/24 >/dev/null && gemel network address add bond0 ${newAddress}/24 >/dev/null`;

export const networkdMasked: Case = {
  title: 'systemd-networkd is stopped and masked when a network is activated',
  async run(appliance, check) {
    const before = await network(appliance);
    const [, , output] = await batch(appliance, [
      edit,
      'systemctl mask --runtime --now systemd-networkd.socket systemd-networkd.service',
      'gemel settings activate --json',
    ]);
    if (output === undefined) throw new Error('a command of the batch is missing');
    const { message } = failureOf(output);
    check(
      output.code !== 0 && /systemd-networkd\.service is masked/.test(message),
      `refused with ${output.code}: ${message}`,
    );
    check((await network(appliance)) === before, 'the old network stays, in kernel and files');
    check(await appliance.answersPing(), 'and the appliance answers');
    check(
      await holdsWithin(appliance, 40, 'gemel status --json | grep -q "systemd-networkd.service is"'),
      'gemel status says what is wrong',
    );
    await mustAll(appliance, ['systemctl unmask --runtime systemd-networkd.socket systemd-networkd.service']);
    check(
      await holdsWithin(
        appliance,
        90,
        `gemel status show settings.activation --json | grep -q '"state": "rolled-back"'`,
      ),
      'with networkd back the rollback ends by itself',
    );
    const [again] = await batch(appliance, ['gemel settings activate --json && gemel settings confirm --json']);
    check(again?.code === 0 && (await appliance.answersPing(newAddress)), 'and the change can be activated');
  },
};

export const networkdKilled: Case = {
  title: 'systemd-networkd is killed half-way through an activation',
  async run(appliance, check) {
    const [, output] = await batch(appliance, [
      edit,
      `( while ! grep -q '"state": "applying"' /var/lib/gemel/settings/activation.json 2>/dev/null; do sleep 0.05; done; sleep 0.5; systemctl kill -s KILL systemd-networkd ) & gemel settings activate --json; code=$?; wait; exit $code`,
    ]);
    const { state } = await activation(appliance);
    const has = await addresses(appliance);
    const expected = output?.code === 0 ? [newAddress] : [address];
    check(
      has.join() === expected.join() && state === (output?.code === 0 ? 'awaiting-confirmation' : 'rolled-back'),
      `exit code ${output?.code}, ${state}, the kernel has ${has.join(' and ')}`,
    );
  },
};

async function addresses(appliance: Parameters<typeof activation>[0]): Promise<readonly string[]> {
  const [text = ''] = await mustAll(appliance, [`ip -o -4 addr show bond0 | sed -n 's/.* inet \\([0-9.]*\\).*/\\1/p'`]);
  return text.trim().split('\n').toSorted();
}

/** What an activation may take at most: 60 s for apply and as long for its rollback, and the commands around it. */
const longestSeconds = 150;

export const networkdHangs: Case = {
  title: 'systemd-networkd hangs when a network is activated',
  async run(appliance, check) {
    const before = await network(appliance);
    const began = performance.now();
    const [, , output, shown] = await batch(appliance, [
      edit,
      'systemctl kill -s STOP systemd-networkd',
      'gemel settings activate --json',
      showActivation,
    ]);
    const seconds = (performance.now() - began) / 1_000;
    if (output === undefined || shown === undefined) throw new Error('a command of the batch is missing');
    const { message } = failureOf(output);
    check(
      output.code !== 0 && seconds < longestSeconds,
      `given up after ${seconds.toFixed(0)} s with ${output.code}: ${message}`,
    );
    check(
      shown.code === 0,
      `core answers meanwhile; state ${shown.code === 0 ? activationOf(shown.stdout).state : shown.stderr}`,
    );
    check((await network(appliance)) === before, 'the old network stays, in kernel and files');
    const { confirmed, state } = await activation(appliance);
    await mustAll(appliance, ['systemctl kill -s CONT systemd-networkd', 'networkctl list --no-pager']);
    if (state === 'stuck') await mustAll(appliance, [`gemel settings rollback ${confirmed} --json`]);
    check((await network(appliance)) === before, 'also when networkd goes on');
    const [again] = await batch(appliance, ['gemel settings activate --json && gemel settings confirm --json']);
    check(again?.code === 0 && (await appliance.answersPing(newAddress)), 'and then the change can be activated');
  },
};

export const otherEnginesStopped: Case = {
  title: 'resolved and chrony stand still when a network is activated',
  async run(appliance, check) {
    const outputs = await batch(appliance, [
      'systemctl stop systemd-resolved-varlink.socket systemd-resolved-monitor.socket; systemctl stop systemd-resolved chrony',
      `${edit} && gemel settings activate --json && gemel settings confirm --json`,
      'systemctl is-active systemd-resolved chrony',
    ]);
    check(
      outputs[1]?.code === 0,
      `activated and confirmed${outputs[1]?.code === 0 ? '' : `: ${outputs[1]?.stdout}${outputs[1]?.stderr}`}`,
    );
    check(await appliance.answersPing(newAddress), 'the new address answers');
    check(outputs[2]?.stdout === 'inactive\ninactive\n', 'neither was started for it');
    check(
      await holdsWithin(appliance, 40, 'gemel status --json | grep -q "systemd-resolved does not run"'),
      'gemel status says that resolved does not run',
    );
    check(
      await holdsWithin(appliance, 40, 'gemel status --json | grep -q "chrony.service does not run"'),
      'and that chrony does not',
    );
  },
};
