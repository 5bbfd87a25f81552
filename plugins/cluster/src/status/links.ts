import { ApplianceError, type CommandRunner } from '@gemel/core/sdk';

export interface KnetLink {
  readonly number: number;
  /** Of this node. */
  readonly address: string;
  /** Corosync has heard of the other node over it lately. */
  readonly connected: boolean;
}

/** Corosync's links as this node sees them. Empty when Corosync does not run. */
export async function readLinks(commands: CommandRunner, signal?: AbortSignal): Promise<readonly KnetLink[]> {
  try {
    const options = signal === undefined ? {} : { signal };
    const { exitCode, stdout } = await commands.run(['corosync-cfgtool', '-s'], options);
    return exitCode === 0 ? parseLinks(stdout) : [];
  } catch (failure) {
    if (failure instanceof ApplianceError && failure.code === 'unavailable') return [];
    throw failure;
  }
}

/** Reads what `corosync-cfgtool -s` prints: a block per link with a line per node. */
export function parseLinks(text: string): readonly KnetLink[] {
  return text
    .split(/^LINK ID /m)
    .slice(1)
    .map((block) => {
      const states = [...block.matchAll(/nodeid:\s*\d+:\s*(\S+)/g)].map((match) => match[1]);
      const others = states.filter((state) => state !== 'localhost');
      return {
        number: Number.parseInt(block, 10),
        address: /addr\s*=\s*(\S+)/.exec(block)?.[1] ?? '',
        connected: others.length > 0 && others.every((state) => state === 'connected'),
      };
    });
}
