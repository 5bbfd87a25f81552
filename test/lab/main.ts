import { spawn } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { ToolError } from '../../firmware/run-command.ts';
import {
  HARDWARE,
  LINKS,
  type Hardware,
  type LinkKind,
  type NodeKind,
  type NodeName,
  type Port,
} from './lab-layout.ts';
import { Lab } from './lab.ts';

const USAGE = `npm run lab -- COMMAND [--lab NAME]

  up [--nodes 1|2] [--kind vm|container] [--hardware virt1|rack1|rack5] [--cold] [--fresh] [--as-built]
                              build the image if needed and start appliances a (and b), booted
                              --cold: boot from the disk, not from a booted snapshot
                              --fresh: make that snapshot anew
                              --as-built: the newest image there is, whatever changed in the repository since
  exec a|b [--timeout S] -- CMD ARG…     run as root in an appliance; output and exit code pass through
  push a|b LOCALDIR REMOTEDIR            replace a folder in an appliance
  console a|b                            serial console (VM, leave with Ctrl-]) or a shell (container)
  cut | heal [a|b] external|sync [--port 0|1]
  kill a|b                               power loss, now
  renew a|b                              another box in its place, off, as from the factory
  start a|b [--no-wait]                  power on, a cold boot
  snapshot NAME | restore NAME           all nodes at once
  run-in external -- CMD ARG…            on a host of the operators' network (10.77.0.1, fd77::1)
  status [--json]
  down                                   end the lab and remove everything of it`;

const OPTIONS = {
  lab: { type: 'string', default: 'lab' },
  nodes: { type: 'string', default: '1' },
  kind: { type: 'string', default: 'vm' },
  hardware: { type: 'string', default: 'virt1' },
  cold: { type: 'boolean', default: false },
  fresh: { type: 'boolean', default: false },
  'as-built': { type: 'boolean', default: false },
  timeout: { type: 'string' },
  port: { type: 'string' },
  wait: { type: 'boolean', default: true },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const say = (line: string): void => console.error(`lab: ${line}`);

function oneOf<T extends string>(what: string, value: string | undefined, choices: readonly T[]): T {
  const chosen = choices.find((choice) => choice === value);
  if (chosen === undefined)
    throw new ToolError(`${what}: expected ${choices.join(' or ')}, got ${value ?? 'nothing'}.`);
  return chosen;
}

const nodeName = (value: string | undefined): NodeName => oneOf('Node', value, ['a', 'b']);

async function main(argv: readonly string[]): Promise<number> {
  const split = argv.indexOf('--');
  const own = split === -1 ? argv : argv.slice(0, split);
  const command = split === -1 ? [] : argv.slice(split + 1);
  const { values, positionals } = parseArgs({
    args: [...own],
    options: OPTIONS,
    allowPositionals: true,
    allowNegative: true,
  });
  const [verb, ...rest] = positionals;
  if (values.help || verb === undefined) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const open = (): Promise<Lab> => Lab.open(values.lab, say);
  const started = performance.now();
  const done = (text: string): number => {
    say(`${text} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return 0;
  };
  switch (verb) {
    case 'up': {
      const nodes = oneOf('--nodes', values.nodes, ['1', '2']) === '1' ? 1 : 2;
      const kind: NodeKind = oneOf('--kind', values.kind, ['vm', 'container']);
      const hardware: Hardware = oneOf('--hardware', values.hardware, HARDWARE);
      const lab = await Lab.up({
        name: values.lab,
        nodes,
        kind,
        hardware,
        cold: values.cold,
        fresh: values.fresh,
        asBuilt: values['as-built'],
        say,
      });
      return done(`lab "${lab.name}" up: ${lab.nodes.map((node) => node.name).join(' and ')} (${kind})`);
    }
    case 'exec': {
      if (command.length === 0) throw new ToolError('exec a -- CMD: the command after -- is missing.');
      const seconds = values.timeout === undefined ? {} : { timeoutSeconds: positive('--timeout', values.timeout) };
      const input = await pipedInput();
      const result = await (await open()).node(nodeName(rest[0])).exec(command, { ...seconds, input });
      process.stdout.write(result.stdout);
      process.stderr.write(result.stderr);
      return result.code;
    }
    case 'push': {
      const [node, local, remote] = rest;
      if (local === undefined || remote === undefined)
        throw new ToolError('push a LOCALDIR REMOTEDIR: a folder is missing.');
      await (await open()).node(nodeName(node)).push(local, remote);
      return done(`pushed ${local} to ${remote}`);
    }
    case 'console':
      return attach((await open()).node(nodeName(rest[0])).consoleCommand());
    case 'cut':
    case 'heal': {
      const link: LinkKind = oneOf('Link', rest.at(-1), LINKS);
      const which = {
        ...(rest.length > 1 ? { node: nodeName(rest[0]) } : {}),
        ...(values.port === undefined
          ? {}
          : { port: (oneOf('--port', values.port, ['0', '1']) === '0' ? 0 : 1) as Port }),
      };
      const lab = await open();
      await (verb === 'cut' ? lab.cut(link, which) : lab.heal(link, which));
      return 0;
    }
    case 'kill':
      await (await open()).kill(nodeName(rest[0]));
      return 0;
    case 'renew':
      await (await open()).renew(nodeName(rest[0]));
      return 0;
    case 'start':
      return done(`node ${rest[0]} ${await (await open()).start(nodeName(rest[0]), { wait: values.wait })}`);
    case 'snapshot':
      await (await open()).snapshot(rest[0] ?? '');
      return done(`snapshot "${rest[0]}"`);
    case 'restore':
      await (await open()).restore(rest[0] ?? '');
      return done(`restored "${rest[0]}"`);
    case 'run-in':
      oneOf('Network', rest[0], ['external']);
      return runAttached([...(await open()).clientCommand(), ...command]);
    case 'status':
      return showStatus(await open(), values.json);
    case 'down':
      await Lab.remove(values.lab);
      return 0;
    default:
      console.error(`lab: there is no command "${verb}".\n\n${USAGE}`);
      return 2;
  }
}

function positive(what: string, value: string): number {
  const number = Number(value);
  if (!(number > 0)) throw new ToolError(`${what}: expected a number of seconds above 0, got ${value}.`);
  return number;
}

/** What was piped in. A terminal, or an input nobody ever closes such as a job's, is not read. */
async function pipedInput(): Promise<Uint8Array> {
  const { fstatSync } = await import('node:fs');
  const stat = fstatSync(0, { throwIfNoEntry: false });
  if (stat === undefined || !(stat.isFIFO() || stat.isFile() || stat.isSocket())) return new Uint8Array();
  const chunks: Buffer[] = [];
  // stdin without an encoding gives buffers.
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function runAttached(argv: readonly string[]): Promise<number> {
  const [program = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 130));
  });
}

const LEAVE = 0x1d;

async function attach(how: readonly string[]): Promise<number> {
  const [kind, ...rest] = how;
  if (kind === 'command') return runAttached(rest);
  const [path = '', log = ''] = rest;
  if (existsSync(log)) for await (const chunk of createReadStream(log)) process.stdout.write(chunk);
  console.error('\nlab: attached to the serial console, leave with Ctrl-]');
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    const finish = (): void => {
      process.stdin.setRawMode?.(false);
      process.stdin.pause();
      socket.destroy();
      resolve(0);
    };
    process.stdin.setRawMode?.(true);
    process.stdin.on('data', (chunk: Buffer) => (chunk.includes(LEAVE) ? finish() : socket.write(chunk)));
    process.stdin.on('end', finish);
    socket.on('data', (chunk) => process.stdout.write(chunk));
    socket.on('close', finish);
    socket.on('error', reject);
  });
}

function showStatus(lab: Lab, json: boolean): number {
  const status = lab.status();
  if (json) {
    console.log(JSON.stringify(status, null, 2));
    return 0;
  }
  console.log(`lab ${status.name}: ${status.kind}, ${status.hardware}, image ${status.image}`);
  for (const node of status.nodes) {
    const processes = Object.entries(node.processes).map(([what, pid]) => `${what} ${pid}`);
    console.log(`  ${node.name}  ${node.on ? 'on ' : 'off'}  ${processes.join(', ')}`);
    for (const nic of node.nics)
      console.log(
        `     ${nic.interfaceName}  ${nic.mac}  ${nic.link} ${nic.port}  ${nic.carrier ? 'carrier' : 'no carrier'}`,
      );
  }
  if (status.snapshots.length > 0) console.log(`  snapshots: ${status.snapshots.join(', ')}`);
  return 0;
}

// Ends what was started on the way, which a plain death by signal would not.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (cause) {
  const known = cause instanceof ToolError || (cause instanceof TypeError && 'code' in cause);
  console.error(known ? `lab: ${cause.message}` : cause);
  process.exitCode = 1;
}
