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
  /** Changed on both, or on neither side as far as is known: a person decides. */
  readonly conflicts: readonly string[];
}

/**
 * Compares section by section; one that only one node has belongs to a plugin that the other lacks and is left alone.
 * Both nodes decide for themselves, so swapping the sides must swap `take` and `offer` and nothing else.
 */
export function decide(mine: Side, theirs: Side): Decision {
  const decision = { same: [] as string[], take: [] as string[], offer: [] as string[], conflicts: [] as string[] };
  const active = activeSide(mine.editable, theirs.editable);
  for (const id of Object.keys(mine.checksums).sort()) {
    const [here, there] = [mine.checksums[id], theirs.checksums[id]];
    if (there === undefined) continue;
    if (here === there) decision.same.push(id);
    else if (active === 'mine') decision.offer.push(id);
    else if (active === 'theirs') decision.take.push(id);
    else decision[changedBy(here !== mine.common[id], there !== theirs.common[id])].push(id);
  }
  return decision;
}

/** Only when both nodes agree on it. */
function activeSide(mine: EditableSettings, theirs: EditableSettings): 'mine' | 'theirs' | undefined {
  if (mine === 'here' && theirs === 'there') return 'mine';
  if (mine === 'there' && theirs === 'here') return 'theirs';
  return undefined;
}

function changedBy(mine: boolean, theirs: boolean): 'take' | 'offer' | 'conflicts' {
  if (mine === theirs) return 'conflicts';
  return mine ? 'offer' : 'take';
}
