/** Core that is killed, stopped, or hung up by a plugin; and a clock that jumps. */
import { address, type ApplianceInLab } from '../accept/appliance-in-lab.ts';
import type { Case, Check } from './cases.ts';
import { activation, batch, holdsWithin, mustAll, network } from './guest.ts';

const engines = 'systemctl show -p MainPID --value systemd-networkd systemd-resolved chrony';

export const coreGone: Case = {
  title: 'core is killed, and then all of Gemel is stopped',
  async run(appliance, check) {
    const before = await network(appliance);
    const [pids = ''] = await mustAll(appliance, [engines]);
    const same = async (when: string) => {
      const [now] = await mustAll(appliance, [engines]);
      check(now === pids, `${when}: networkd, resolved and chrony run on`);
      check((await network(appliance)) === before, `${when}: the network is as before`);
      check(await appliance.answersPing(), `${when}: the appliance answers`);
    };
    await mustAll(appliance, ['systemctl kill -s KILL gemel-core']);
    await same('killed');
    check(await holdsWithin(appliance, 120, 'gemel status'), 'systemd starts core again, and it answers');
    await same('started again');
    await mustAll(appliance, ["systemctl stop 'gemel-*'", '! pgrep -f /usr/lib/gemel/core']);
    await same('all stopped');
  },
};

const windowSeconds = 20;
/** For the way back, after the window, on an emulated processor that another appliance uses too. A jump of the clock would be a day. */
const graceSeconds = 20;

export const clockJumps: Case = {
  title: 'the clock jumps while a network awaits confirmation',
  async run(appliance, check) {
    const before = await network(appliance);
    await mustAll(appliance, ['gemel network address add bond0 10.77.0.13/24']);
    await jump(appliance, check, '+1 day', []);
    await back(appliance, check, before, 'core');
    await jump(appliance, check, '-2 days', [
      'mkdir -p /run/systemd/system/gemel-core.service.d',
      'printf "[Service]\\nRestart=no\\n" > /run/systemd/system/gemel-core.service.d/no-restart.conf',
      'systemctl daemon-reload && systemctl kill -s KILL gemel-core',
    ]);
    await back(appliance, check, before, 'the guard without core');
  },
};

/** Activates a change, lets the clock jump at once, and looks that the window goes on. */
async function jump(appliance: ApplianceInLab, check: Check, distance: string, more: readonly string[]): Promise<void> {
  await mustAll(appliance, [
    `gemel settings activate --confirm-seconds ${windowSeconds} --json`,
    `cut -d. -f1 /proc/uptime > /run/activated`,
    `date -s '${distance}'`,
    ...more,
  ]);
  const halfway = `[ $(($(cut -d. -f1 /proc/uptime) - $(cat /run/activated))) -ge ${windowSeconds / 2} ]`;
  await holdsWithin(appliance, windowSeconds, halfway);
  const [has] = await batch(appliance, [
    `ip -o -4 addr show bond0 | grep -q 10.77.0.13 && [ $(($(cut -d. -f1 /proc/uptime) - $(cat /run/activated))) -lt ${windowSeconds} ]`,
  ]);
  check(has?.code === 0, `${distance}: half of the window later the new network is still there`);
}

async function back(appliance: ApplianceInLab, check: Check, before: string, by: string): Promise<void> {
  check(
    await holdsWithin(
      appliance,
      windowSeconds + graceSeconds,
      '! ip -o -4 addr show bond0 | grep -q 10.77.0.13 && cut -d. -f1 /proc/uptime > /run/returned',
    ),
    `the old network comes back by ${by}`,
  );
  const [seconds = ''] = await mustAll(appliance, ['echo $(($(cat /run/returned) - $(cat /run/activated)))']);
  check(
    // taking back begins by a fourth of the window earlier at most; both ends are whole seconds
    Number(seconds) >= 0.75 * windowSeconds - 1 && Number(seconds) <= windowSeconds + graceSeconds,
    `${seconds.trim()} s after the activation (window ${windowSeconds} s)`,
  );
  await mustAll(appliance, ['systemctl start gemel-core']);
  check(
    (await activation(appliance)).state === 'rolled-back' && (await network(appliance)) === before,
    'the revision is rolled back, and the network as before',
  );
}

const manifest = {
  name: 'gemel-hang-plugin',
  version: '1.0.0',
  type: 'module',
  gemel: { id: 'hang', title: 'Hangs', core: '*', entry: './plugin.js' },
};
const plugin = `import { definePlugin } from '@gemel/core/sdk';
export default definePlugin({ id: 'hang', activate() { for (;;); } });`;
const pluginFolder = '/var/lib/gemel/plugins/hang';

export const pluginHangs: Case = {
  title: 'a third-party plugin hangs core',
  async run(appliance, check) {
    const before = await network(appliance);
    await mustAll(appliance, [
      `mkdir -p ${pluginFolder}`,
      `echo '${JSON.stringify(manifest)}' > ${pluginFolder}/package.json`,
      `cat > ${pluginFolder}/plugin.js <<'END'\n${plugin}\nEND`,
    ]);
    const began = performance.now();
    const [rescan] = await batch(appliance, ['timeout 90 gemel plugin rescan --json']);
    check(rescan?.code === 6, `gemel says that core closed the connection (exit code ${rescan?.code})`);
    check((await network(appliance)) === before, 'the network is as before');
    check(await holdsWithin(appliance, 180, 'gemel status'), 'core is started again by its watchdog, and answers');
    const seconds = (performance.now() - began) / 1_000;
    const [result = '', plugins = ''] = await mustAll(appliance, [
      'systemctl show -p NRestarts --value gemel-core; journalctl -u gemel-core -b -o cat --no-pager | grep -c "Watchdog timeout"',
      'gemel plugin show hang --json',
    ]);
    check(
      /^1\n1\n$/.test(result),
      `by the watchdog, once, within ${seconds.toFixed(0)} s: ${result.replace(/\n/g, ' ')}`,
    );
    check(
      /"condition": "failed"/.test(plugins) && /core did not survive its activation/.test(plugins),
      'the plugin is kept out, and gemel says why',
    );
    check((await network(appliance)) === before && (await appliance.answersPing(address)), 'the network is as before');
  },
};
