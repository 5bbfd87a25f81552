import { ApplianceError, type JobCall, type SystemAccess } from '@gemel/core/sdk';

export interface SyncState {
  readonly connection: string;
  readonly ownDisk: string;
  readonly peerDisk: string;
  /** 0 to 1 while it synchronises. */
  readonly fraction: number | undefined;
  /** KiB/s */
  readonly rate: number | undefined;
}

/** The volume's lines of /proc/drbd, as DRBD 8.4 writes it. Pure. */
export function parseProcDrbd(text: string): SyncState | undefined {
  const volume = /^ *0: cs:(\S+) ro:\S+ ds:([^/\s]+)\/(\S+)([\s\S]*?)(?=^ *\d+: cs:|$(?![\s\S]))/m.exec(text);
  if (volume === null) return undefined;
  const [, connection = '', ownDisk = '', peerDisk = '', rest = ''] = volume;
  const percent = /sync'ed: *([\d.]+)%/.exec(rest)?.[1];
  const speed = /speed: ([\d,]+)/.exec(rest)?.[1];
  return {
    connection,
    ownDisk,
    peerDisk,
    fraction: percent === undefined ? undefined : Number(percent) / 100,
    rate: speed === undefined ? undefined : Number(speed.replaceAll(',', '')),
  };
}

const lookEveryMs = 1_000;
/** Pacemaker starts the volume of the other node, then DRBD looks for the other end every 10 s; on emulated machines that took 80 s in all. */
const connectWithinMs = 240_000;
/** DRBD that finds data of which neither follows from the other gives the connection up at once, and for good; a change of its secret takes moments. */
const gaveUpAfterMs = 10_000;

/** Until both nodes have the same data. Cancelling stops the watching, never the synchronisation. */
export async function followSync(
  { files, clock }: SystemAccess,
  call: Pick<JobCall, 'progress' | 'log' | 'signal'>,
): Promise<void> {
  const began = clock.monotonic();
  let triedAt = began;
  for (;;) {
    const state = parseProcDrbd((await files.read('/proc/drbd')) ?? '');
    if (state?.peerDisk === 'UpToDate' && state.ownDisk === 'UpToDate') break;
    const isConnected =
      state !== undefined && !['StandAlone', 'WFConnection', 'Unconnected'].includes(state.connection);
    if (state?.connection !== 'StandAlone') triedAt = clock.monotonic();
    else if (clock.monotonic() - triedAt > gaveUpAfterMs) {
      throw new ApplianceError(
        'conflict',
        'DRBD gave the connection to the other node up, as it does when both nodes wrote their data while apart: nothing of either was replaced. Decide whose data stay: gemel cluster split-brain show',
      );
    }
    if (!isConnected && clock.monotonic() - began > connectWithinMs) {
      throw new ApplianceError(
        'engine-failed',
        `The data volume does not reach the other node (${state?.connection ?? 'no volume'}). Check the synchronisation network, then look at drbdadm status. If both nodes wrote while apart: gemel cluster split-brain show`,
      );
    }
    call.progress(state?.fraction, syncText(state));
    await clock.sleep(lookEveryMs, call.signal);
  }
  call.log('Both nodes have the same data.');
}

function syncText(state: SyncState | undefined): string {
  if (state?.fraction === undefined) return 'Waiting for the data volume of the other node';
  const rate = state.rate === undefined ? '' : ` at ${(state.rate / 1024).toFixed(1)} MiB/s`;
  return `Synchronising: ${(state.fraction * 100).toFixed(1)} %${rate}`;
}
