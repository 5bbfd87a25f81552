/** Looking into the appliance: several commands in one go, since each way into a VM costs as much as a small command. */
import type { ApplianceInLab, Output } from '../accept/appliance-in-lab.ts';

const record = '\x1e';

/** Runs shell lines one after the other, whatever the ones before ended with. */
export async function batch(appliance: ApplianceInLab, lines: readonly string[]): Promise<readonly Output[]> {
  const script = [
    'd=$(mktemp -d /run/batch.XXXXXX)',
    ...lines.map((line, index) => `( ${line}\n) >$d/${index}.out 2>$d/${index}.err; echo $? >$d/${index}.code`),
    `i=0; while [ $i -lt ${lines.length} ]; do for part in code out err; do cat $d/$i.$part; printf '\\036'; done; i=$((i + 1)); done`,
    'rm -rf $d',
  ].join('\n');
  const { code, stdout, stderr } = await appliance.lab.node('a').exec(['sh', '-s'], { input: script });
  const parts = stdout.split(record);
  if (code !== 0 || parts.length !== lines.length * 3 + 1)
    throw new Error(`a batch ended with ${code}: ${stdout}${stderr}`);
  return lines.map((_line, index) => {
    const [exitCode = '', out = '', err = ''] = parts.slice(index * 3, index * 3 + 3);
    return { code: Number(exitCode), stdout: out, stderr: err };
  });
}

/** Like batch, but every line must end with 0. @returns what they printed. */
export async function mustAll(appliance: ApplianceInLab, lines: readonly string[]): Promise<readonly string[]> {
  const outputs = await batch(appliance, lines);
  outputs.forEach(({ code, stdout, stderr }, index) => {
    if (code !== 0) throw new Error(`${lines[index]} ended with ${code}: ${stdout}${stderr}`);
  });
  return outputs.map(({ stdout }) => stdout);
}

/** Looks every half second, inside the appliance, whether a shell condition holds. */
export async function holdsWithin(appliance: ApplianceInLab, seconds: number, condition: string): Promise<boolean> {
  const script = `end=$(($(cut -d. -f1 /proc/uptime) + ${seconds}))
while :; do
  if ( ${condition}
  ) >/dev/null 2>&1; then exit 0; fi
  [ "$(cut -d. -f1 /proc/uptime)" -ge "$end" ] && exit 1
  sleep 0.5
done`;
  return (await appliance.lab.node('a').exec(['sh', '-s'], { input: script })).code === 0;
}

/** What the kernel's network and networkd's files come to, in lines that do not depend on order or time. */
export const showNetwork = `ip -o addr show | awk '$2 != "lo" { print $2, $3, $4 }' | sort
ip -o link show | sed -n 's/^[0-9]*: \\([^:]*\\): .* mtu \\([0-9]*\\) .*/\\1 mtu \\2/p' | sort
{ ip route; ip -6 route; } | sort
grep -hE '^(Bonding Mode|Slave Interface)' /proc/net/bonding/* | sort
cat /run/systemd/network/*`;

export async function network(appliance: ApplianceInLab): Promise<string> {
  return (await mustAll(appliance, [showNetwork]))[0] ?? '';
}

export interface ReportText {
  readonly code: string;
  readonly severity: string;
  readonly path: string;
  readonly text: string;
  readonly forceCode?: string;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly reports: readonly ReportText[];
}

/** The error of a command that ran with --json. */
export function failureOf({ code, stdout, stderr }: Output): Failure {
  try {
    // the shape that the command line documents
    const { error } = JSON.parse(stdout) as { error?: Failure };
    if (error !== undefined) return error;
  } catch {
    // not JSON: told below
  }
  throw new Error(`expected a failure, got exit code ${code}: ${stdout}${stderr}`);
}

export interface ActivationState {
  readonly state: string;
  readonly confirmed: number;
  readonly running: number;
  readonly secondsLeft: number | null;
  readonly pending: number;
  readonly reports: readonly ReportText[];
}

export const showActivation = 'gemel status show settings.activation --json';

export function activationOf(stdout: string): ActivationState {
  // the shape of the status settings.activation
  return (JSON.parse(stdout) as { value: ActivationState }).value;
}

export async function activation(appliance: ApplianceInLab): Promise<ActivationState> {
  return activationOf((await mustAll(appliance, [showActivation]))[0] ?? '');
}
