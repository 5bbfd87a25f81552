/** One appliance in a VM that firmware is installed on: bundles get there over the operators' network. */
import { spawn, type ChildProcess } from 'node:child_process';
import { basename, dirname } from 'node:path';
import type { NodeName } from '../lab/lab-layout.ts';
import type { Lab } from '../lab/lab.ts';
import { address, ApplianceInLab, check, until } from './appliance-in-lab.ts';

/** Emulated and beside another emulated machine, a start takes minutes. */
export const patienceSeconds = 900;
const port = 8480;
export const incoming = '/var/lib/gemel/incoming';

export interface HistoryEntry {
  readonly kind: 'installed' | 'chosen' | 'good' | 'fell-back';
  readonly slot: 'A' | 'B';
  readonly version: string;
  readonly reason: string;
}

interface Status {
  readonly version: string;
  readonly slot: 'A' | 'B';
  readonly next: 'A' | 'B';
  readonly trial: object | null;
  readonly slots: readonly {
    readonly slot: string;
    readonly running: boolean;
    readonly good: boolean;
    readonly version: string | null;
  }[];
}

/** `rauc status --output-format=json`, as far as it is compared. */
interface RaucStatus {
  readonly booted: string;
  readonly boot_primary: string;
  readonly slots: readonly Readonly<
    Record<string, { readonly bootname: string; readonly state: string; readonly boot_status: string }>
  >[];
}

const server = `const { createServer } = require('node:http'); const { createReadStream, statSync } = require('node:fs');
const [file, address, port] = process.argv.slice(1);
createServer((_, answer) => { answer.setHeader('content-length', statSync(file).size); createReadStream(file).pipe(answer); }).listen(Number(port), address, () => console.log('up'));`;

const client = `import { get } from 'node:http'; import { createWriteStream } from 'node:fs'; import { pipeline } from 'node:stream/promises';
get(process.argv[1], (answer) => pipeline(answer, createWriteStream(process.argv[2])));`;

export class FirmwareInLab implements AsyncDisposable {
  readonly appliance: ApplianceInLab;

  private constructor(appliance: ApplianceInLab) {
    this.appliance = appliance;
  }

  static async up(name: string): Promise<FirmwareInLab> {
    return new FirmwareInLab(await ApplianceInLab.up(name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.appliance[Symbol.asyncDispose]();
  }

  /** Copies a file of this machine to the appliance, whose network nobody set up. */
  async send(file: string, name = basename(file)): Promise<string> {
    await this.appliance.sh(`ip address replace ${address}/24 dev enp0s4; ip link set enp0s4 up`);
    return sendFile(this.appliance.lab, 'a', address, file, name);
  }

  history(): Promise<readonly HistoryEntry[]> {
    return this.appliance
      .gemelJson<{ readonly entries: readonly HistoryEntry[] }>('firmware', 'history')
      .then(({ entries }) => entries);
  }

  status(): Promise<Status> {
    return this.appliance.gemelJson<Status>('firmware', 'status');
  }

  /** Waits until core tells how the first start of an installed firmware ended. @returns its line of the history, and the seconds. */
  async outcome(): Promise<{ readonly entry: HistoryEntry; readonly seconds: number }> {
    let entry: HistoryEntry | undefined;
    const seconds = await until('the outcome of the first start', patienceSeconds, async () => {
      const newest = await this.history().catch(() => []);
      entry = newest[0];
      return entry?.kind === 'good' || entry?.kind === 'fell-back';
    });
    if (entry === undefined) throw new Error('no outcome');
    return { entry, seconds };
  }

  /** What must be the same before and after: settings, who the device is, data. */
  async belongings(): Promise<string> {
    const settings = await this.appliance.gemel('settings', 'export');
    const identity = await this.appliance.sh(
      'cat /etc/machine-id; hostname; cat /data/gemel/marker 2>/dev/null || true',
    );
    return `${settings}\n${identity}`;
  }

  /** `rauc status` and `gemel firmware status` say the same. */
  async checkAgreement(): Promise<void> {
    // Written by RAUC.
    const rauc = JSON.parse(await this.appliance.sh('rauc status --output-format=json')) as RaucStatus;
    const gemel = await this.status();
    const slots = rauc.slots.flatMap((each) => Object.entries(each).map(([id, slot]) => ({ id, ...slot })));
    const asRauc = slots
      .map(({ bootname, state, boot_status: boot }) => `${bootname} ${state === 'booted' ? 'running' : 'idle'} ${boot}`)
      .sort();
    const asGemel = gemel.slots.map(
      ({ slot, running, good }) => `${slot} ${running ? 'running' : 'idle'} ${good ? 'good' : 'bad'}`,
    );
    const primary = slots.find(({ id }) => id === rauc.boot_primary)?.bootname;
    check(
      asRauc.join() === asGemel.sort().join() && rauc.booted === gemel.slot && primary === gemel.next,
      `rauc status and gemel firmware status agree: ${asRauc.join(', ')}; next ${gemel.next}`,
    );
  }
}

/** Copies a file of this machine to a node over the operators' network; through its serial port it would take minutes. */
export async function sendFile(
  lab: Lab,
  node: NodeName,
  nodeAddress: string,
  file: string,
  name: string,
): Promise<string> {
  const target = `${incoming}/${name}`;
  await lab.node(node).must(['mkdir', '-p', dirname(target)]);
  const [program = '', ...rest] = [
    ...lab.clientCommand(),
    process.execPath,
    '-e',
    server,
    file,
    '10.77.0.1',
    String(port),
  ];
  const serving = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await listening(serving);
    const reached = async () => (await lab.client.exec(['ping', '-c', '1', '-W', '1', '-n', nodeAddress])).code === 0;
    await until('the way to the appliance', 60, reached);
    const url = `http://10.77.0.1:${port}/`;
    await lab.node(node).must(['gemel-node', '--input-type=module', '-e', client, url, target]);
  } finally {
    serving.kill('SIGKILL');
  }
  return target;
}

function listening(serving: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    serving.stdout?.once('data', () => resolve());
    serving.once('exit', (code) => reject(new Error(`the server of bundles ended with ${code}`)));
  });
}
