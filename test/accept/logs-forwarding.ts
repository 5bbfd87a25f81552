/**
 * Forwarding as docs/logging.md prints it: an appliance sends its log to a real rsyslog and a real syslog-ng. Prints how many entries were missing.
 * `--away SECONDS` shortens the minute that both receivers are away.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Lab } from '../lab/lab.ts';
import { check, until } from './appliance-in-lab.ts';
import { type CommandBlock, commandBlocks } from './printed-commands.ts';

const { values } = parseArgs({
  options: { away: { type: 'string', default: '60' }, lab: { type: 'string', default: 'accept-logs' } },
});

const page = await readFile(join(import.meta.dirname, '../../docs/logging.md'), 'utf8');
const receiverFolder = '/root/logs-receiver';
const patienceSeconds = 60;
let checkedAway = false;
/** A line as RFC 5424 has it, with the block of structured data. */
const rfc5424 = /^<\d+>1 \S+ \S+ \S+ \S+ \S+ \[journal@32473 unit="[^"]*" boot="[0-9a-f]{32}" transport="[a-z]+"\] /;

await using lab = await Lab.up({
  nodes: 2,
  kind: 'container',
  name: values.lab,
  say: (line) => console.log(`lab: ${line}`),
});
for (const { name } of lab.nodes)
  await until(
    `core of ${name} to answer`,
    120,
    async () => (await run(name === 'a' ? 'node1' : 'node2', 'gemel status')).code === 0,
  );

/** The client's folder, on this machine; only its network is the lab's. */
const folder = await mkdtemp(join(tmpdir(), 'logs-receiver-'));
try {
  for (const [, name = '', body = ''] of page.matchAll(/^```conf (\S+)\n([\s\S]*?)^```$/gm))
    await writeFile(join(folder, name), body);
  for (const block of commandBlocks(page)) {
    await runBlock(block);
    // the certificates are there now
    if (block.lines.some((line) => line.startsWith('chmod 644'))) await handOut();
  }
  await checkAll();
} finally {
  await run('client', 'test ! -e pid || kill $(cat pid)');
  await rm(folder, { recursive: true });
}

async function handOut(): Promise<void> {
  for (const node of lab.nodes) await node.push(folder, receiverFolder);
}

async function runBlock({ where, wait, lines }: CommandBlock): Promise<void> {
  for (const printed of lines) {
    const line = printed.replace(/^sleep 60$/, `sleep ${values.away}`);
    console.log(`${where}$ ${line}`);
    if (wait) {
      await until(`"${line}" to succeed`, patienceSeconds, async () => (await run(where, line)).code === 0);
      continue;
    }
    const { code, stdout, stderr } = await run(where, line);
    // what openssl draws while it looks for primes is of no use
    const said = line.startsWith('openssl') || line.startsWith('for n in logs') ? '' : `${stdout}${stderr}`.trimEnd();
    if (said !== '') console.log(said.replaceAll(/^/gm, '    '));
    if (code !== 0) throw new Error(`${line}: exit code ${code}\n${stdout}${stderr}`);
    if (line === 'gemel log forwarding' && !checkedAway) checkAway(stdout);
  }
}

/** While both are away, the appliance says so. */
function checkAway(shown: string): void {
  checkedAway = true;
  if (Number(values.away) < 12) return;
  check(
    /nothing gets through to central, second/.test(shown),
    'while both are away, gemel says that nothing gets through',
  );
}

async function checkAll(): Promise<void> {
  const received = {
    rsyslog: (await run('node2', `cat ${receiverFolder}/received`)).stdout,
    'syslog-ng': await readFile(join(folder, 'received'), 'utf8'),
  };
  let missing = 0;
  for (const [receiver, text] of Object.entries(received)) {
    const lines = text.split('\n').filter((line) => line.includes('while away') || line.includes('structured data'));
    const malformed = lines.filter((line) => !rfc5424.test(line) && !/^<\d+>[A-Z][a-z]{2} [ \d]\d /.test(line));
    check(lines.length >= 601 && malformed.length === 0, `${receiver}: ${lines.length} lines, each as RFC 5424 has it`);
    const numbers = new Set([...text.matchAll(/while away (\d+)$/gm)].map(([, number]) => Number(number)));
    missing += Array.from({ length: 600 }, (_, index) => index + 1).filter((number) => !numbers.has(number)).length;
  }
  check(
    missing === 0,
    `of 600 entries written while both receivers were away for ${values.away} s, ${missing} are missing`,
  );
  console.log('Forwarding went as docs/logging.md prints it.');
}

async function run(where: CommandBlock['where'], line: string) {
  if (where === 'client') return lab.client.exec(['sh', '-c', `cd ${folder} && ${line}`], { timeoutSeconds: 120 });
  return lab.node(where === 'node1' ? 'a' : 'b').exec(['sh', '-c', line], { timeoutSeconds: 180 });
}
