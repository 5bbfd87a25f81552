/**
 * How fast what waits in the journal is sent over TCP, and what that costs: Gemel's rsyslog with its queue, a plain rsyslog, and syslog-ng, one
 * after the other to the same receiver on the same machine. The plain rsyslog has its documented defaults but for the limit of 20,000
 * entries in ten minutes of its journal reader, with which it would lose most of them. In a container.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../../firmware/run-command.ts';
import { until } from '../accept/appliance-in-lab.ts';
import { LoggingLab } from '../integration/logging-lab.ts';
import { type Figure, median } from './figure.ts';

const count = Number(process.env['GEMEL_BENCH_ENTRIES'] ?? 200_000);
const rounds = 3;
const port = 5001;

const plain = `module(load="imjournal" StateFile="imjournal.state" Ratelimit.Interval="0" IgnorePreviousMessages="off")
global(workDirectory="/root/bench")
*.* action(type="omfwd" target="10.77.0.1" port="${port}" protocol="tcp")
`;

const syslogNg = `@version: 3.38
source s_journal { systemd-journal(read-old-records(yes)); };
destination d_tcp { network("10.77.0.1" port(${port}) transport("tcp")); };
log { source(s_journal); destination(d_tcp); flags(flow-control); };
`;

interface Run {
  readonly perSecond: number;
  readonly missing: number;
  readonly cpuMicroseconds: number;
}

interface Sender {
  /** A command line of this machine; it begins at the oldest entry. */
  readonly start: string;
  /** Ends it in order. */
  stop(): Promise<unknown>;
}

export async function run(): Promise<readonly Figure[]> {
  await using lab = await LoggingLab.up('bench-forwarding');
  const senders = await prepare(lab);
  const runs = new Map(Object.keys(senders).map((name) => [name, [] as Run[]]));
  for (let round = 0; round < rounds; round += 1)
    for (const [name, sender] of Object.entries(senders)) runs.get(name)?.push(await measure(lab, sender));
  const of = (name: string, key: keyof Run) => median((runs.get(name) ?? []).map((each) => each[key]));
  const [better = ''] = ['plain rsyslog', 'syslog-ng'].toSorted((a, b) => of(b, 'perSecond') - of(a, 'perSecond'));
  return [
    {
      name: `log: entries sent in a second over TCP, of ${count} in the journal`,
      unit: '1/s',
      figure: of('gemel', 'perSecond'),
      peer: { name: better, figure: of(better, 'perSecond') },
      limit: { kind: 'at least', value: 1 },
    },
    {
      name: 'log: entries missing in all rounds',
      unit: 'entries',
      figure: (runs.get('gemel') ?? []).reduce((sum, { missing }) => sum + missing, 0),
      limit: { kind: 'at most', value: 0 },
    },
    ...['plain rsyslog', 'syslog-ng'].map(
      (name): Figure => ({
        name: `log: processor time for each entry, beside ${name}`,
        unit: 'µs',
        figure: of('gemel', 'cpuMicroseconds'),
        peer: { name, figure: of(name, 'cpuMicroseconds') },
        // published, not promised: it adds structured data and a queue of its own
        limit: { kind: 'at most', value: 3 },
      }),
    ),
  ];
}

async function prepare(lab: LoggingLab): Promise<Readonly<Record<string, Sender>>> {
  await lab.sh('a', `gemel log destination add bench --host 10.77.0.1 --port ${port} && gemel settings activate`);
  // the same file, with folders of its own and from the beginning
  await lab.sh(
    'a',
    `mkdir -p /root/configuration && sed -e 's,/data/log-queues,/root/bench,; s,/run/gemel-log/,/root/bench/,; s,IgnorePreviousMessages="on",IgnorePreviousMessages="off",' /run/gemel/rsyslog/rsyslog.conf >/root/configuration/gemel.conf`,
  );
  await lab.sh('a', 'systemctl stop gemel-log-forwarding');
  await writeFile(join(lab.folder, 'plain.conf'), plain);
  await writeFile(join(lab.folder, 'syslog-ng.conf'), syslogNg);
  await lab.lab.node('a').push(lab.folder, '/root/files');
  await lab.burst('bench', count);
  await lab.sh('a', 'journalctl --sync');
  const inside = `nsenter --target ${initOf(lab)} --all --`;
  // with the allocator that its unit gives it
  const environment = await lab.sh('a', 'systemctl show --property=Environment --value gemel-log-forwarding');
  const rsyslog = (file: string, variables = ''): Sender => ({
    start: `${inside} sh -c 'rm -rf /root/bench; mkdir /root/bench; exec env ${variables} rsyslogd -n -i /root/bench/pid -f ${file} 2>/dev/null'`,
    stop: () => lab.sh('a', 'kill $(cat /root/bench/pid)'),
  });
  // syslog-ng is this machine's, which sees a copy of the appliance's journal in the place of its own
  const root = `/proc/${initOf(lab)}/root`;
  await mustRun(['cp', '-a', `${root}/var/log/journal`, `${root}/etc/machine-id`, lab.folder]);
  const own = `mount --bind ${lab.folder}/journal /var/log/journal && mount --bind ${lab.folder}/machine-id /etc/machine-id`;
  const files = ['persist-file', 'pidfile', 'control'].map((each) => `--${each}=${join(lab.folder, each)}`).join(' ');
  const network = lab.lab.clientCommand().join(' ');
  return {
    gemel: rsyslog('/root/configuration/gemel.conf', environment.trim()),
    'plain rsyslog': rsyslog('/root/files/plain.conf'),
    'syslog-ng': {
      start: `rm -f ${join(lab.folder, 'persist-file')}; mkdir -p /var/log/journal; ${network} unshare --mount sh -c '${own} && exec syslog-ng --foreground --cfgfile=${join(lab.folder, 'syslog-ng.conf')} ${files}'`,
      stop: async () => process.kill(Number(await readFile(join(lab.folder, 'pidfile'), 'utf8'))),
    },
  };
}

function initOf(lab: LoggingLab): number {
  const init = lab.lab.status().nodes.find(({ name }) => name === 'a')?.processes['init'];
  if (init === undefined) throw new Error('node a is off');
  return init;
}

async function measure(lab: LoggingLab, { start, stop }: Sender): Promise<Run> {
  const counted = await lab.startCounter(port, 'bench');
  const began = performance.now();
  const child = spawn('bash', ['-c', `TIMEFORMAT='processor %U %S'; time { ${start}; }`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words += text;
  });
  const ended = once(child, 'close');
  // all, or as many as come: ten seconds without another one are the end
  await until('the last entry', 600, async () => {
    const { entries, at } = counted();
    return entries === count || performance.now() - at > 10_000;
  });
  const { entries: seen, at: seenAt } = counted();
  await stop();
  await ended;
  await lab.stopReceiver(port);
  const [, user = '0', system = '0'] = /processor ([\d.]+) ([\d.]+)/.exec(words) ?? [];
  if (seen === 0) throw new Error(`nothing arrived from ${start}: ${words}`);
  const seconds = (seenAt - began) / 1_000;
  return {
    perSecond: seen / seconds,
    missing: count - seen,
    cpuMicroseconds: ((Number(user) + Number(system)) * 1e6) / seen,
  };
}
