/** A connection as far as it counts when there are too many. */
export interface Occupant {
  /** The user at the other end. */
  readonly uid: number | undefined;
  /** Monotonic milliseconds; undefined while something runs for it. */
  readonly idleSince: number | undefined;
}

/**
 * One user who opens connections and keeps them must not lock out the others: of the user who has most, the connection goes that was
 * silent longest, or the oldest where something runs on all of them. A subscription runs for ever.
 *
 * @param occupants Oldest first, the newcomer among them. Not empty.
 */
export function whoMakesRoom<Connection extends Occupant>(
  occupants: readonly Connection[],
  newcomer: Connection,
): Connection {
  const byUser = Map.groupBy(occupants, ({ uid }) => uid);
  const most = [...byUser.values()].reduce((all, each) => (each.length > all.length ? each : all), []);
  const candidates = most.filter((each) => each !== newcomer);
  const idle = candidates.filter(({ idleSince }) => idleSince !== undefined);
  const longest = idle.reduce<Connection | undefined>(
    (found, each) => ((each.idleSince ?? 0) < (found?.idleSince ?? Number.POSITIVE_INFINITY) ? each : found),
    undefined,
  );
  return longest ?? candidates[0] ?? newcomer;
}
