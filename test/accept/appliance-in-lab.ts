/** What the acceptance scripts share: a lab with one appliance, its `gemel` command, and a client on the operators' network. */
import type { Hardware } from '../lab/lab-layout.ts';
import { Lab } from '../lab/lab.ts';

export const address = '10.77.0.11';

export interface Nic {
  readonly name: string;
  readonly hardwareAddress: string;
}

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One appliance in a VM of its own lab; everything is taken down at the end. */
export class ApplianceInLab implements AsyncDisposable {
  readonly lab: Lab;

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  static async up(name: string, kind: 'vm' | 'container' = 'vm', hardware?: Hardware): Promise<ApplianceInLab> {
    const lab = await Lab.up({ nodes: 1, kind, name, ...(hardware && { hardware }) });
    const appliance = new ApplianceInLab(lab);
    await appliance.coreAnswers();
    return appliance;
  }

  /** One that a script before left standing, or none. */
  static async open(name: string): Promise<ApplianceInLab | undefined> {
    const lab = await Lab.open(name).catch(() => undefined);
    return lab === undefined ? undefined : new ApplianceInLab(lab);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.down();
  }

  async exec(...argv: readonly [string, ...string[]]): Promise<Output> {
    return this.lab.node('a').exec(argv);
  }

  /** Runs a command that must succeed; gives its standard output. */
  async sh(line: string): Promise<string> {
    const { code, stdout, stderr } = await this.exec('sh', '-c', line);
    if (code !== 0) throw new Error(`${line}: exit code ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** `gemel …` that must succeed; gives what it says. */
  async gemel(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.exec('gemel', ...words);
    if (code !== 0) throw new Error(`gemel ${words.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  async gemelJson<Result>(...words: readonly string[]): Promise<Result> {
    // the shape is what the action's output schema says
    return JSON.parse(await this.gemel(...words, '--json')) as Result;
  }

  /** Waits until core answers; after a cold boot it applies the confirmed settings first. */
  async coreAnswers(seconds = 120): Promise<void> {
    await until(`core to answer`, seconds, async () => (await this.exec('gemel', 'status')).code === 0);
  }

  async nics(): Promise<readonly Nic[]> {
    const text = await this.sh(
      'for n in /sys/class/net/*; do [ ! -e $n/device ] || echo "$(basename $n) $(cat $n/address)"; done',
    );
    return text
      .trim()
      .split('\n')
      .map((line) => {
        const [name = '', hardwareAddress = ''] = line.split(' ');
        return { name, hardwareAddress };
      });
  }

  /** One ping from the operators' network. */
  async answersPing(target = address): Promise<boolean> {
    return (await this.lab.client.exec(['ping', '-c', '1', '-W', '1', '-n', target])).code === 0;
  }

  /** bond0 over the two external NICs with the operators' address, confirmed: the network the later scripts start from. */
  async makeBond(): Promise<void> {
    const [first, second] = (await this.nics()).map(({ name }) => name);
    await this.gemel('network', 'mode', 'set', 'advanced', '--yes');
    await this.gemel(
      ...['network', 'bond', 'create', 'bond0', '--members', `${first},${second}`, '--mode', 'active-backup'],
      ...['--address', `${address}/24`, '--gateway', '10.77.0.1'],
    );
    await this.gemel('settings', 'activate', '--comment', 'bond0');
    await this.gemel('settings', 'confirm');
    await until(`${address} to answer`, 30, async () => this.answersPing());
  }
}

/** Asks again until it holds. @throws when it does not within the time. */
export async function until(what: string, seconds: number, holds: () => Promise<boolean>): Promise<number> {
  const began = performance.now();
  while (performance.now() - began < seconds * 1_000) {
    if (await holds()) return (performance.now() - began) / 1_000;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited ${seconds} s for ${what}`);
}

export function check(holds: boolean, what: string): void {
  console.log(`${holds ? 'ok' : 'NOT OK'}: ${what}`);
  if (!holds) throw new Error(what);
}

/** What a program printed, below the line that says what was asked. */
export function indented(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ');
}
