/** State of the replicated data volume as the kernel of this node sees it. */
export interface Replication {
  /** `Connected`, `StandAlone`, `WFConnection`, `SyncSource`, `SyncTarget`, … as DRBD calls them. */
  readonly connection: string;
  readonly role: string;
  readonly peerRole: string;
  /** `UpToDate`, `Inconsistent`, `Outdated`, `Diskless`, `DUnknown`, … */
  readonly disk: string;
  readonly peerDisk: string;
  /** DRBD holds back every write here until it knows that the other node does not write (`fencing resource-and-stonith`). */
  readonly suspended: boolean;
  /** Of a synchronisation that is under way. */
  readonly synchronisedPercent: number | undefined;
  /** Of a synchronisation that is under way. */
  readonly remaining: string | undefined;
}

/**
 * Reads /proc/drbd of DRBD 8.4, minor 0. Undefined when the resource is down or there is no DRBD.
 * ` 0: cs:SyncSource ro:Primary/Secondary ds:UpToDate/Inconsistent C r-----` and `[==>..] sync'ed: 12.3% (56/64)M`, `finish: 0:00:10 …`
 */
export function parseReplication(text: string | undefined): Replication | undefined {
  // The protocol is a blank without a connection. Of the flags behind it the first is r or s: writes run, or are suspended (drbd_proc.c).
  const found = /^ *0: cs:(\S+)(?: ro:(\S+?)\/(\S+) ds:(\S+?)\/(\S+)(?: . ([rs]))?)?/m.exec(text ?? '');
  if (found === null || text === undefined) return undefined;
  const [, connection = '', role, peerRole, disk, peerDisk, writes] = found;
  if (role === undefined) return undefined; // `0: cs:Unconfigured`
  const percent = /sync'ed:\s*([\d.]+)%/.exec(text)?.[1];
  return {
    connection,
    role,
    peerRole: peerRole ?? 'Unknown',
    disk: disk ?? 'DUnknown',
    peerDisk: peerDisk ?? 'DUnknown',
    suspended: writes === 's',
    synchronisedPercent: percent === undefined ? undefined : Number.parseFloat(percent),
    remaining: /finish:\s*(\S+)/.exec(text)?.[1],
  };
}

/** For the other side to take the connection up. */
export function isWaiting({ connection }: Pick<Replication, 'connection'>): boolean {
  return ['WFConnection', 'Unconnected'].includes(connection);
}

export interface OtherSide {
  readonly online: boolean;
  /** Its DRBD gave the connection up. */
  readonly gaveUp: boolean;
  /** Known for sure: one side has all that the other has, and the connection was given up for another reason. */
  readonly canConnect: boolean;
}

/**
 * DRBD gave the connection up and waits for a person: both sides were written, or their data are of different origin. Of the two sides
 * the one that notices first does so, and the other one may go on waiting for it (DRBD User's Guide 8.4, "Manual split brain recovery").
 */
export function isSplitBrain(replication: Replication, { online, gaveUp, canConnect }: OtherSide): boolean {
  const isGivenUp = replication.connection === 'StandAlone' || (isWaiting(replication) && gaveUp);
  return isGivenUp && online && !canConnect;
}
