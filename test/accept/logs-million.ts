/**
 * 1,000,000 entries of the journal arrive over TCP, TLS and RELP, the RELP receiver being restarted five times meanwhile. Prints what is missing.
 * `-- --entries N`
 */
import { parseArgs } from 'node:util';
import { LoggingLab } from '../integration/logging-lab.ts';
import { home, restartRsyslog, startRsyslog } from '../integration/rsyslog-receiver.ts';
import { check, until } from './appliance-in-lab.ts';

const { values } = parseArgs({ options: { entries: { type: 'string', default: '1000000' } } });
const entries = Number(values.entries);
const port = 5001;
const patienceSeconds = 900;

await using lab = await LoggingLab.up('logs-million');
await startRsyslog(lab);
const overTcp = await lab.startCounter(port, 'million');
const tls = `--tls.ca ${home}/ca.pem --tls.certificate ${home}/device.pem --tls.key ${home}/device.key`;
for (const line of [
  `tcp --host 10.77.0.1 --port ${port}`,
  `tls --host 10.77.0.12 --port 6514 --protocol tls ${tls} --tls.name logs.example.org`,
  'relp --host 10.77.0.12 --protocol relp',
])
  await lab.sh('a', `gemel log destination add ${line} --queue-megabytes 1024`);
await lab.sh('a', 'gemel settings activate');

const began = performance.now();
const restarts = restartRsyslog(lab, 5, 5_000);
// as journald takes them
for (let written = 0; written < entries; written += 100_000)
  await lab.burst('million', Math.min(100_000, entries - written), 0, written);
console.log(`# ${entries} entries written in ${seconds()} s`);
await restarts;
for (const [protocol, arrived] of Object.entries({
  TCP: async () => overTcp().entries,
  TLS: () => keptBy('tls'),
  RELP: () => keptBy('relp'),
})) {
  await until(`all over ${protocol}`, patienceSeconds, async () => (await arrived()) === entries).catch(
    async (failure: unknown) => {
      console.log(`${protocol}: ${entries - (await arrived())} of ${entries} missing after ${seconds()} s`);
      throw failure;
    },
  );
  check(true, `${protocol}: all ${entries} have arrived ${seconds()} s after the first was written`);
}
const dropped = [...(await lab.destinations()).values()].reduce((sum, each) => sum + each.dropped, 0);
check(dropped === 0, `${dropped} of ${entries} entries were dropped; 0 missing over TCP, TLS and RELP`);

function seconds(): string {
  return ((performance.now() - began) / 1_000).toFixed(0);
}

/** Different ones in the receiver's file. */
async function keptBy(protocol: 'tls' | 'relp'): Promise<number> {
  return Number(await lab.sh('b', `grep -ao 'million number [0-9]*;' ${home}/${protocol} | sort -u | wc -l`));
}
