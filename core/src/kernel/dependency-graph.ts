export interface GraphNode {
  readonly id: string;
  readonly requires: readonly string[];
  /** Only an order: a missing one does no harm. */
  readonly optional: readonly string[];
}

export interface Resolution {
  /** Ids that can start together, level by level. */
  readonly levels: readonly (readonly string[])[];
  /** Ids that cannot start, with the reason. */
  readonly blocked: ReadonlyMap<string, string>;
}

/** Sorts nodes into levels; a node with a missing requirement or in a cycle is blocked, and so is all that requires it. */
export function resolveLevels(nodes: readonly GraphNode[]): Resolution {
  const blocked = new Map<string, string>();
  const waiting = new Map(nodes.map((node) => [node.id, node]));
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of [...waiting.values()]) {
      const missing = node.requires.find((id) => !waiting.has(id));
      if (missing === undefined) continue;
      blocked.set(node.id, `needs ${missing}, which ${blocked.has(missing) ? 'is blocked itself' : 'is not there'}`);
      waiting.delete(node.id);
      changed = true;
    }
  }
  const levels: string[][] = [];
  const done = new Set<string>();
  while (waiting.size > 0) {
    const isReady = (node: GraphNode, strict: boolean) =>
      node.requires.every((id) => done.has(id)) && (!strict || node.optional.every((id) => !waiting.has(id)));
    let level = [...waiting.values()].filter((node) => isReady(node, true));
    // optional edges in a cycle only cost their order
    if (level.length === 0) level = [...waiting.values()].filter((node) => isReady(node, false)).slice(0, 1);
    if (level.length === 0) {
      const ring = [...waiting.keys()].join(', ');
      for (const id of waiting.keys()) blocked.set(id, `these plugins require each other in a ring: ${ring}`);
      break;
    }
    for (const node of level) waiting.delete(node.id);
    for (const node of level) done.add(node.id);
    levels.push(level.map((node) => node.id));
  }
  return { levels, blocked };
}

/** All ids that build on `id`, directly or not, also optionally; farthest first: the order in which to end them. */
export function dependantsOf(id: string, nodes: readonly GraphNode[]): readonly string[] {
  const found: string[] = [];
  const seen = new Set([id]);
  const visit = (target: string) => {
    for (const node of nodes) {
      if (seen.has(node.id) || !(node.requires.includes(target) || node.optional.includes(target))) continue;
      seen.add(node.id);
      visit(node.id);
      found.push(node.id);
    }
  };
  visit(id);
  return found;
}
