import type { Answer } from './client-process.ts';

/** One line of the journal that the site keeps on the data volume: a number, and who wrote it. */
interface Entry {
  readonly number: number;
  /** Host and process: a site that is started anew is another writer. */
  readonly writer: string;
}

/** What a crash tore off may end the file or precede the next line; it was never acknowledged. */
function parse(journal: string): readonly Entry[] {
  return journal.split('\n').flatMap((line) => {
    const match = /^(\d+) (\S+) (\d+)$/.exec(line);
    return match === null ? [] : [{ number: Number(match[1]), writer: `${match[2]} ${match[3]}` }];
  });
}

/** What is wrong with the data: numbers that were acknowledged and are not there, writers that wrote at the same time. */
export function faultsInJournal(journal: string, answers: readonly Answer[]): readonly string[] {
  const entries = parse(journal);
  const written = new Set(entries.map(({ number }) => number));
  const lost = answers.map(({ path }) => Number(path.split('/').at(-1))).filter((number) => !written.has(number));
  const faults: string[] = [];
  if (lost.length > 0)
    faults.push(
      `${lost.length} acknowledged writes are lost: ${lost.slice(0, 5).join(', ')}${lost.length > 5 ? ' …' : ''}`,
    );
  const ended = new Set<string>();
  let last = '';
  for (const { writer, number } of entries) {
    if (writer === last) continue;
    if (ended.has(writer)) faults.push(`${writer} wrote ${number} after ${last} had begun to write`);
    if (last !== '') ended.add(last);
    last = writer;
  }
  return faults;
}
