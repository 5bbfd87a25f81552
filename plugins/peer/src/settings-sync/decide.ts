import type { EditableSettings } from '../contract.js';

/** Checksums of settings by section. */
export type Checksums = Readonly<Record<string, string>>;

/** What one node knows of its settings. */
export interface Side {
  readonly checksums: Checksums;
  /** When both nodes were last known to have the same. */
  readonly common: Checksums;
  readonly editable: EditableSettings;
}

export interface Decision {
  readonly same: readonly string[];
  /** The other node's are to be taken over here. */
  readonly take: readonly string[];
  /** The other node is to take over this one's, which it does by itself: the decision there is the mirror of this one. */
  readonly offer: readonly string[];
  /** A person decides. */
  readonly conflicts: readonly string[];
}

/**
 * Compares section by section; one that only one node has belongs to a plugin that the other lacks and is left alone. The side that
 * changed since both had the same wins, also when the roles have changed hands since. Where nothing was the same yet, as in a new
 * pair, the active node wins.
 *
 * Both nodes decide for themselves, so swapping the sides must swap `take` and `offer` and nothing else.
 */
export function decide(mine: Side, theirs: Side): Decision {
  const decision = { same: [] as string[], take: [] as string[], offer: [] as string[], conflicts: [] as string[] };
  for (const id of Object.keys(mine.checksums).sort()) {
    if (theirs.checksums[id] !== undefined) decision[decideSection(id, mine, theirs)].push(id);
  }
  return decision;
}

function decideSection(id: string, mine: Side, theirs: Side): keyof Decision {
  const [here, there] = [mine.checksums[id], theirs.checksums[id]];
  if (here === there) return 'same';
  // either node's memory counts: one of them may have stopped before it could write down that both were the same
  const known = [mine.common[id], theirs.common[id]];
  const [changedHere, changedThere] = [!known.includes(here), !known.includes(there)];
  if (changedHere !== changedThere) return changedHere ? 'offer' : 'take';
  const sameMemory = known[0] !== undefined && known[0] === known[1];
  return sameMemory ? 'conflicts' : byRole(mine.editable, theirs.editable);
}

/** Only when both nodes agree on who is active. */
function byRole(mine: EditableSettings, theirs: EditableSettings): 'take' | 'offer' | 'conflicts' {
  if (mine === 'here' && theirs === 'there') return 'offer';
  if (mine === 'there' && theirs === 'here') return 'take';
  return 'conflicts';
}
