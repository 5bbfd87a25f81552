/** Settings that could not work are refused before anything is changed, each with field, reason and remedy. */
import { address } from '../accept/appliance-in-lab.ts';
import type { Case } from './cases.ts';
import { activation, batch, failureOf, network } from './guest.ts';

interface Refusal {
  readonly what: string;
  readonly edit: string;
  readonly code: string;
  readonly path: string;
  readonly says: RegExp;
}

/** enp0s4 and enp0s5 are bond0; enp0s6 has an address of its own. */
const refusals: readonly Refusal[] = [
  {
    what: 'a member in two bonds',
    edit: 'gemel network bond create bond1 --members enp0s5,enp0s7',
    code: 'network.bond.member-in-two-bonds',
    path: 'network/bonds/bond1/members/0',
    says: /enp0s5 is a member of bond bond1 and of bond bond0\. Remove it/,
  },
  {
    what: 'a member that carries an address',
    edit: 'gemel network bond create bond1 --members enp0s6,enp0s7',
    code: 'network.bond.member-has-address',
    path: 'network/bonds/bond1/members/0',
    says: /enp0s6 has addresses of its own\. Remove them first with/,
  },
  {
    what: 'an address used twice',
    edit: `gemel network address add enp0s6 ${address}/24`,
    code: 'network.address.twice',
    path: 'network/',
    says: /10\.77\.0\.11 is also entered for (bond0|enp0s6)\. An address can be on one interface only/,
  },
  {
    what: 'a gateway outside every network',
    edit: 'gemel network bond set bond0 --gateway 10.99.0.1',
    code: 'network.gateway.outside',
    path: 'network/bonds/bond0/ipv4/gateway',
    says: /gateway 10\.99\.0\.1 is in none of its networks .* Correct the gateway/,
  },
];

export const refused: Case = {
  title: 'settings that cannot work are refused and change nothing',
  async run(appliance, check) {
    const before = await network(appliance);
    const outputs = await batch(
      appliance,
      refusals.flatMap(({ edit }) => [edit, 'gemel settings activate --json', 'gemel settings revert']),
    );
    for (const [index, { what, code, path, says }] of refusals.entries()) {
      const activated = outputs[index * 3 + 1];
      if (activated === undefined) throw new Error('a command of the batch is missing');
      const { reports } = failureOf(activated);
      const found = reports.find((report) => report.code === code && report.path.startsWith(path));
      check(activated.code === 1 && found?.severity === 'error', `${what}: exit code ${activated.code}, ${code}`);
      check(says.test(found?.text ?? ''), `${what}: ${found?.path}: ${found?.text}`);
    }
    check((await network(appliance)) === before, 'kernel and files of networkd are as before');
    check((await activation(appliance)).pending === 0, 'nothing is left in the draft');
  },
};

const taken = { ipv4: '10.77.0.50', ipv6: 'fd77::50' };

export const takenOnTheWire: Case = {
  title: 'an address that somebody else on the wire has',
  async run(appliance, check) {
    const { client } = appliance.lab;
    await client.exec(['ip', 'address', 'add', `${taken.ipv4}/24`, 'dev', 'external']);
    await client.exec(['ip', 'address', 'add', `${taken.ipv6}/64`, 'dev', 'external', 'nodad']);
    try {
      const before = await network(appliance);
      const [, checked, activated, forced, undone] = await batch(appliance, [
        `gemel network address add bond0 ${taken.ipv4}/24`,
        'gemel network check --json',
        'gemel settings activate --json',
        'gemel settings activate --force address-in-use --json',
        'gemel settings undo --json; gemel settings revert',
      ]);
      const says = /bond0: 02:77:00:00:ff:01 on the network also answers for 10\.77\.0\.50/;
      check(says.test(checked?.stdout ?? ''), 'gemel network check finds it before it is activated');
      if (activated === undefined) throw new Error('a command of the batch is missing');
      check(
        activated.code === 7 && says.test(failureOf(activated).message),
        `an activation that finds it is taken back: ${failureOf(activated).message}`,
      );
      check(forced?.code === 0 && says.test(forced.stdout), 'forced, it says so and awaits confirmation');
      check(undone?.code === 0 && (await network(appliance)) === before, 'taken back, the network is as before');

      const [, refusedOutput] = await batch(appliance, [
        `gemel network address add bond0 ${taken.ipv6}/64`,
        'gemel settings activate --json',
      ]);
      if (refusedOutput === undefined) throw new Error('a command of the batch is missing');
      const { message } = failureOf(refusedOutput);
      check(
        refusedOutput.code === 7 && message.includes(`another host on the network already uses ${taken.ipv6}`),
        `the kernel's detection for IPv6 takes the activation back: ${message}`,
      );
      check((await network(appliance)) === before, 'and the network is as before');
    } finally {
      await client.exec(['ip', 'address', 'del', `${taken.ipv4}/24`, 'dev', 'external']);
      await client.exec(['ip', 'address', 'del', `${taken.ipv6}/64`, 'dev', 'external']);
    }
  },
};
