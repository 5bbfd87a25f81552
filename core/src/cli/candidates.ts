/** Groups that are typed so often that the word alone is enough. */
const short: Readonly<Record<string, string>> = { jobs: 'jobs.list', audit: 'audit.show' };
/** Deeper action ids do not exist. */
const mostWords = 6;

/** The words before the first option. */
export function wordsOf(line: readonly string[]): readonly string[] {
  const end = line.findIndex((word) => word.startsWith('-'));
  return end === -1 ? line : line.slice(0, end);
}

/** Action ids that the words can mean, the longest first: what follows the action's words is its positionals. */
export function candidatesFor(words: readonly string[]): readonly string[] {
  const ids = words.slice(0, mostWords).map((_, index) => words.slice(0, index + 1).join('.'));
  const alone = words.length === 1 ? short[words[0] ?? ''] : undefined;
  return [...ids.reverse(), ...(alone === undefined ? [] : [alone])];
}

/** How many of the words are the action's own. */
export function wordsTaken(words: readonly string[], id: string): number {
  const length = id.split('.').length;
  return words.slice(0, length).join('.') === id ? length : 1;
}
