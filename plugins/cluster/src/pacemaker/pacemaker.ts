import { ApplianceError, type CommandResult, type CommandRunner, type ErrorCode } from '@gemel/core/sdk';
import { type ClusterPicture, readPicture } from './picture.js';
import { descendants, parseXml, type XmlElement } from './xml.js';

export type Command = readonly [string, ...string[]];

/** Whoever may see the process list sees what is in `argv`; parameters, which may be passwords, go by way of standard input. */
export interface FedCommand {
  readonly argv: Command;
  readonly input: string;
}

/** A change of the cluster as the commands that make it; the same ones run on the cluster or on a copy of its configuration. */
export interface ClusterChange {
  readonly commands: readonly (Command | FedCommand)[];
  /** The commands speak to the daemons and cannot run on a copy. */
  readonly onlyLive?: boolean;
}

/** Pacemaker answers in 10 to 30 ms; a cluster in the middle of an election lets callers wait, and then a person wants to know. */
const timeoutMs = 15_000;

/** Exit codes of Pacemaker's programs (crm_exit_e) that say more than "failed". */
const codes: Readonly<Record<number, ErrorCode>> = {
  // CRM_EX_INSUFFICIENT_PRIV, CRM_EX_CONFIG, CRM_EX_DISCONNECT, CRM_EX_NOSUCH, CRM_EX_QUORUM, CRM_EX_EXISTS, CRM_EX_TIMEOUT
  4: 'forbidden',
  78: 'invalid',
  102: 'unavailable',
  105: 'not-found',
  106: 'conflict',
  108: 'conflict',
  124: 'timeout',
};

/** Prints what `readPicture` reads. */
export const pictureCommand: Command = ['crm_mon', '--output-as=xml', '--inactive', '--exclude=operations'];

/** Pacemaker by its own command line tools, so that `crm_mon`, `pcs` and `crmsh` always see the same. */
export class Pacemaker {
  constructor(readonly commands: CommandRunner) {}

  /** @throws ApplianceError `unavailable` when Pacemaker does not run on this node. */
  async picture(signal?: AbortSignal): Promise<ClusterPicture> {
    const text = await this.run(pictureCommand, signal);
    return readPicture(await parseXml(text));
  }

  /** The CIB: configuration and what is known of the nodes. */
  async configuration(signal?: AbortSignal): Promise<string> {
    return this.run(['cibadmin', '--query'], signal);
  }

  /** Elements of the configuration. Empty when nothing matches. */
  async find(xpath: string, signal?: AbortSignal): Promise<readonly XmlElement[]> {
    try {
      const root = await parseXml(await this.run(['cibadmin', '--query', '--xpath', xpath], signal));
      // several matches come inside one <xpath-query>
      return root.name === 'xpath-query' ? root.children : [root];
    } catch (failure) {
      if (failure instanceof ApplianceError && failure.code === 'not-found') return [];
      throw failure;
    }
  }

  /** @param on what is run in a command's place. */
  async apply(
    { commands }: ClusterChange,
    signal?: AbortSignal,
    on: (argv: Command) => Command = (argv) => argv,
  ): Promise<void> {
    for (const command of commands) {
      const { argv, input } = 'argv' in command ? command : { argv: command, input: undefined };
      await this.run(on(argv), signal, input);
    }
  }

  /** @returns what it printed. @throws ApplianceError with the program's own words. */
  async run(argv: Command, signal?: AbortSignal, input?: string): Promise<string> {
    const options = {
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
      ...(input === undefined ? {} : { input }),
    };
    const result = await this.commands.run(argv, options);
    if (result.exitCode === 0) return result.stdout;
    const words = await complaint(result);
    const code = codes[result.exitCode] ?? 'engine-failed';
    if (code === 'unavailable') {
      throw new ApplianceError(code, `Pacemaker does not run on this node. Look at: systemctl status pacemaker`);
    }
    throw new ApplianceError(code, `${programOf(argv)} refused: ${words}`);
  }
}

/** Commands with variables begin with `env NAME=value`. */
function programOf(argv: Command): string {
  return argv.find((word) => word !== 'env' && !word.includes('=')) ?? argv[0];
}

/** What the program complained of: in its XML if it printed some, else on standard error. */
async function complaint({ stdout, stderr, exitCode }: CommandResult): Promise<string> {
  const noise = /^(\w+: )?(Error performing operation: .*|)$/;
  const lines = [...(await errorsIn(stdout)), ...stderr.split('\n')].map((line) => line.trim());
  const said = [...new Set(lines.filter((line) => !noise.test(line)).map((line) => line.replace(/^\w+: /, '')))];
  if (said.length > 0) return said.join(' ');
  return lines.find((line) => line !== '') ?? `exit code ${exitCode}.`;
}

async function errorsIn(stdout: string): Promise<readonly string[]> {
  if (!stdout.startsWith('<pacemaker-result')) return [];
  const errors = descendants(await parseXml(stdout), 'error');
  return errors.flatMap(({ text }) => text.split('\n'));
}
