/** Commands of a page of the documentation: fenced blocks whose first line says `sh` and where they run. */
export interface CommandBlock {
  readonly where: 'node1' | 'node2' | 'client' | 'lab';
  /** Tried again until it succeeds. */
  readonly wait: boolean;
  readonly lines: readonly string[];
}

const places = ['node1', 'node2', 'client', 'lab'] as const;

export function commandBlocks(page: string): readonly CommandBlock[] {
  return [...page.matchAll(/^```sh (\w+)( wait)?\n([\s\S]*?)^```$/gm)].map(([, place = '', wait, body = '']) => {
    const where = places.find((each) => each === place);
    if (where === undefined)
      throw new Error(`a block of the page is to run on ${place}, which is none of ${places.join(', ')}`);
    return { where, wait: wait !== undefined, lines: body.split('\n').filter((line) => line !== '') };
  });
}
