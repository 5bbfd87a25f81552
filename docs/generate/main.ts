/** `npm run docs` writes docs/reference and the generated parts of the guides; `npm run docs -- --check` fails when they are stale. Both look for faults in the guides. */
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '../..');
const reference = join(repository, 'docs/reference');
const guide = join(repository, 'docs/operator-guide.md');
const check = process.argv.includes('--check');

// `npm run check` has compiled just before it asks; a person may not have.
if (!check) {
  const plugins = (await readdir(join(repository, 'plugins'))).map((id) => `plugins/${id}`);
  const compile = [join(repository, 'node_modules/typescript/bin/tsc'), '-b', 'core', ...plugins];
  const { status } = spawnSync(process.execPath, compile, { cwd: repository, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
// imported only now, because it imports what was compiled
const { makePages } = await import('./make-pages.ts');

const { pages, parts, faults } = await makePages(repository);
const wanted = new Map([...pages].map(([name, text]) => [join(reference, name), text]));
wanted.set(guide, withParts(await readFile(guide, 'utf8'), parts));

await mkdir(reference, { recursive: true });
const superfluous = (await readdir(reference)).map((name) => join(reference, name)).filter((path) => !wanted.has(path));
const stale: string[] = [...superfluous];
for (const [path, text] of wanted) {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) continue; // absent counts as stale
  stale.push(path);
  if (!check) await writeFile(path, text);
}
if (!check) for (const path of superfluous) await rm(path);

const names = stale.map((path) => path.slice(repository.length + 1)).join(', ');
if (stale.length === 0) console.log(`The reference is up to date (${pages.size} pages).`);
else if (check) console.error(`Not up to date: ${names}. Run: npm run docs`);
else console.log(`Written: ${names}.`);
for (const fault of faults) console.error(fault);
process.exitCode = (check && stale.length > 0) || faults.length > 0 ? 1 : 0;

/** Puts each part between its two marks. @throws when a mark is missing. */
function withParts(text: string, named: ReadonlyMap<string, string>): string {
  return [...named].reduce((whole, [name, part]) => {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [before, rest] = whole.split(begin);
    const [, after] = rest?.split(end) ?? [];
    if (before === undefined || after === undefined)
      throw new Error(`docs/operator-guide.md has no "${begin}" with its "${end}"`);
    return `${before}${begin}\n\n${part}\n\n${end}${after}`;
  }, text);
}
