/** Bad days of log forwarding, on a real rsyslog and real receivers. `--burst N` takes other bursts than of 200,000 entries. */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { until } from '../accept/appliance-in-lab.ts';
import { Checks } from './checks.ts';
import { LoggingLab, numbersIn } from './logging-lab.ts';
import { home, restartRsyslog, startRsyslog } from './rsyslog-receiver.ts';

const good = 5001;
const away = 5002;
const deaf = 5003;
const { values } = parseArgs({ options: { burst: { type: 'string', default: '200000' } } });
const count = Number(values.burst);
/** Of the burst, at the receiver that reads nothing. */
let waiting = 0;
/** `queue.dequeueBatchSize` of plugins/logging: what rsyslogd holds in its hand for a receiver that is away. */
const batch = 1_024;
/** More than the appliance itself writes meanwhile. */
const others = 2_000;

const checks = new Checks();
await using lab = await LoggingLab.up('logging-test');
await startRsyslog(lab);
await lab.startReceiver(good);
await lab.startReceiver(deaf, 'deaf');
await addDestinations();

await checks.check('every byte value, long messages, UTF-8 and what is none arrive as they were written', async () => {
  const bytes = Uint8Array.from({ length: 255 }, (_, index) => index + 1);
  const long = Buffer.from(`long ${'x'.repeat(65_000)} end of long`);
  for (const message of [
    Buffer.concat([Buffer.from('bytes '), bytes, Buffer.from(' end')]),
    long,
    Buffer.from('gr\u00fcn \u{1F981} end'),
  ])
    await lab.entry(message);
  const holds = async (part: Uint8Array) => (await lab.received(good)).includes(Buffer.from(part));
  await until('the last of them', 20, async () => holds(Buffer.from('gr\u00fcn \u{1F981} end')));
  assert.ok(await holds(long), 'the message of 64 KiB is not whole');
  assert.ok(await holds(bytes), 'not every byte value arrived');
});

await checks.check('a NUL byte costs its own message at most', async () => {
  await lab.entry(Buffer.from('nul \0 within'));
  await lab.entry(Buffer.from('after the nul'));
  await until('the next message', 20, async () => (await lab.received(good)).includes('after the nul'));
});

await checks.check(`${count} entries arrive where they can, in time, whatever the other receivers do`, async () => {
  // more than the buffers of a connection hold
  await lab.burst('first', count, 400);
  const restarts = restartRsyslog(lab, 5);
  const seconds = await until('all at the good one', 180, async () => (await lab.arrived(good, 'first')) === count);
  console.log(`          all at the good receiver ${seconds.toFixed(1)} s after the burst`);
  await restarts;
});

await checks.check('RELP loses none while its receiver is restarted five times', async () => {
  await until('all at the RELP receiver', 180, async () => {
    const text = await lab.sh('b', `cat ${home}/relp`);
    return numbersIn(text, 'first').size === count;
  });
});

await checks.check(
  'a receiver that is away or reads nothing keeps its entries waiting, and that is shown',
  async () => {
    await until('both to be shown', 40, async () => {
      const shown = await lab.destinations();
      // rsyslogd counts every 5 s
      const all = (shown.get('away')?.queued ?? 0) >= count;
      return all && ['away', 'deaf'].every((name) => shown.get(name)?.state === 'waiting');
    });
    const shown = await lab.destinations();
    assert.match(shown.get('away')?.lastError ?? '', /10\.77\.0\.1:5002.*refused/);
    assert.equal(shown.get('away')?.dropped, 0);
    assert.equal(shown.get('deaf')?.dropped, 0);
    waiting = (shown.get('deaf')?.queued ?? 0) - others;
    assert.ok(waiting > 0);
  },
);

await checks.check(
  'a queue beyond its budget drops what is too much, counts it, tells it, and stays within the budget',
  async () => {
    await until('all to be counted', 30, async () => {
      const { queued = 0, dropped = 0 } = (await lab.destinations()).get('small') ?? {};
      return dropped > 0 && queued > 0 && queued + dropped >= count;
    });
    const kibibytes = Number((await lab.sh('a', 'du -kc /data/log-queues/small.* | tail -1')).split('\t')[0]);
    assert.ok(kibibytes <= 18 * 1_024, `${kibibytes} KiB of 16 MiB`);
    assert.match(await lab.sh('a', 'gemel events list'), /logging\.destination\.dropped/);
  },
);

await checks.check(
  'certificates that expired, are of a stranger or carry another name: nothing is sent, and it is said why',
  async () => {
    const reasons = {
      expired: /certificate expired/i,
      stranger: /verif|certificate/i,
      misnamed: /peer name not authorized/i,
    };
    for (const [name, reason] of Object.entries(reasons)) {
      await until(`${name} to be shown`, 60, async () => (await lab.destinations()).get(name)?.state === 'waiting');
      let lastError = '';
      // rsyslogd tries again at growing distance, and may have said something else the first time
      await until(`${name} to say why`, 60, async () => {
        lastError = (await lab.destinations()).get(name)?.lastError ?? '';
        return reason.test(lastError);
      }).catch((failure: unknown) => {
        throw new Error(`${String(failure)}; it says: ${lastError}`);
      });
      const { queued = 0 } = (await lab.destinations()).get(name) ?? {};
      assert.ok(queued > 0, `${name}: ${queued} queued`);
    }
    assert.equal((await lab.sh('b', `cat ${home}/tls 2>/dev/null || true`)).includes('a warning'), false);
  },
);

await checks.check('what waited arrives when the receivers are back', async () => {
  await lab.stopReceiver(deaf);
  await lab.startReceiver(away);
  await lab.startReceiver(deaf);
  await until('all at the one that was away', 180, async () => (await lab.arrived(away, 'first')) === count);
  // What the deaf one had not read was in the buffers of its connections, and TCP does not say that it is lost.
  await until('the last at the deaf one', 180, async () =>
    (await lab.received(deaf)).includes(`first number ${count};`),
  );
  await until('what was shown as waiting', 60, async () => (await lab.arrived(deaf, 'first')) >= waiting);
  const lost = count - (await lab.arrived(deaf, 'first'));
  console.log(`          ${lost} of ${count} were in the buffers of the connections to the one that read nothing`);
});

await checks.check('after a power loss in a short absence of the receiver nothing is missing', async () => {
  await lab.stopReceiver(away);
  const written = await burstAndPowerLoss('second', 15_000);
  await lab.startReceiver(away);
  // entries that rsyslogd leaves on disk are noticed within a minute and a half
  await until('what the journal has', 150, async () => (await lab.arrived(away, 'second')) >= written);
  console.log(`          ${written} of 15000 were in the journal after the power loss, and all of them arrived`);
  assert.ok(written > 10_000);
});

await checks.check('after a power loss with a full queue at most the batch in hand is missing', async () => {
  await lab.stopReceiver(away);
  const written = await burstAndPowerLoss('long', 60_000);
  await lab.startReceiver(away);
  await until('what was on disk', 150, async () => (await lab.arrived(away, 'long')) >= written - batch);
  await until('the last', 150, async () => (await lab.numbers(away, 'long')).has(written));
  const arrived = await lab.numbers(away, 'long');
  const missing = Array.from({ length: written }, (_, index) => index + 1).filter((number) => !arrived.has(number));
  // the oldest: rsyslogd was about to send them when it noticed that the receiver was gone
  assert.ok(missing.length <= batch && (missing.at(-1) ?? 0) <= batch, `missing: ${missing.join(' ')}`);
  console.log(
    `          ${written} of 60000 were in the journal after the power loss, ${missing.length} did not arrive`,
  );
  assert.ok(written > 40_000);
});

await checks.check('a full volume of the queues delays nobody, ends nothing, and is got over', async () => {
  await lab.stopReceiver(away);
  // far smaller than the budgets of those that wait
  const volume =
    'mount -t tmpfs -o size=8m,mode=0700,uid=$(id -u gemel-log),gid=$(id -g gemel-log) queues /data/log-queues';
  await lab.sh('a', `systemctl stop gemel-log-forwarding && ${volume} && systemctl start gemel-log-forwarding`);
  const process = () => lab.sh('a', 'systemctl show --property=MainPID --value gemel-log-forwarding');
  const before = await process();
  await lab.burst('third', 60_000, 400);
  await until('all at the good one', 180, async () => (await lab.arrived(good, 'third')) === 60_000);
  const left = await lab.sh('a', 'df --output=avail -k /data/log-queues | tail -1');
  assert.ok(Number(left) < 1_024, `${left.trim()} KiB are left: the volume is not full`);
  assert.equal(await process(), before, 'rsyslogd ended');
  await lab.sh('a', 'mount -o remount,size=512m /data/log-queues');
  await lab.startReceiver(away);
  await lab.burst('fourth', 1_000);
  // entries that rsyslogd leaves on disk are noticed within a minute and a half
  await until('what came later', 150, async () => (await lab.arrived(away, 'fourth')) === 1_000);
  const lost = 60_000 - (await lab.arrived(away, 'third'));
  console.log(`          ${lost} of 60000 had no room while the volume was full`);
});

checks.finish();

/** The last entries are in memory then, some in no queue yet. @returns how many the journal has: their numbers are 1 to that. */
async function burstAndPowerLoss(burst: string, count: number): Promise<number> {
  await lab.burst(burst, count);
  await lab.lab.kill('a');
  await lab.lab.start('a');
  return Number((await lab.sh('a', `journalctl -q -t burst -o cat | grep -c "^${burst} number"`)).trim());
}

async function addDestinations(): Promise<void> {
  const tls = `--tls.ca ${home}/ca.pem --tls.certificate ${home}/device.pem --tls.key ${home}/device.key`;
  const lines = [
    `good --host 10.77.0.1 --port ${good}`,
    `away --host 10.77.0.1 --port ${away} --queue-megabytes 512`,
    `deaf --host 10.77.0.1 --port ${deaf} --queue-megabytes 512`,
    'small --host 10.77.0.1 --port 5004 --queue-megabytes 16',
    'relp --host 10.77.0.12 --protocol relp --queue-megabytes 512',
    `expired --host 10.77.0.13 --port 6515 --protocol tls ${tls} --tls.name logs.example.org --filter.severity warning`,
    `stranger --host 10.77.0.14 --port 6516 --protocol tls ${tls} --tls.name logs.example.org --filter.severity warning`,
    `misnamed --host 10.77.0.12 --port 6514 --protocol tls ${tls} --tls.name other.example.org --filter.severity warning`,
  ];
  for (const line of lines) await lab.sh('a', `gemel log destination add ${line}`);
  await lab.sh('a', 'gemel settings activate && logger --priority daemon.warning a warning');
}
