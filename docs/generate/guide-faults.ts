import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ownCommands } from '../../core/dist/cli/help.js';

/** Pages that people write; what is generated cannot be wrong in this way. */
const guides = [
  '*.md',
  'docs/*.md',
  'docs/decisions/*.md',
  'docs/pictures/*.commands',
  'test/README.md',
  'examples/*/README.md',
];
/** The example plugin's commands appear in guides and are no part of the appliance. */
const ofExamples = ['hello.greet', 'hello.recite'];

/** Commands in guides that do not exist, and links that lead nowhere; one line each. */
export async function findGuideFaults(repository: string, actions: readonly string[]): Promise<readonly string[]> {
  const known = [...actions, ...ofExamples, ...ownCommands.map(({ id }) => id)];
  const faults: string[] = [];
  for await (const page of glob(guides, { cwd: repository })) {
    const text = await readFile(join(repository, page), 'utf8');
    for (const command of commandsOf(text)) {
      if (!exists(command, known)) faults.push(`${page}: there is no command gemel ${command.join(' ')}`);
    }
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      const elsewhere = /^[a-z]+:/.test(target);
      if (!elsewhere && !existsSync(join(repository, dirname(page), target)))
        faults.push(`${page}: there is no ${target}`);
    }
  }
  return faults;
}

/** Plain words after `gemel` at the start of a line, of inline code, or of what the lab or npx runs. */
function commandsOf(text: string): readonly (readonly string[])[] {
  const typed = text.matchAll(/(?:^|`|npx |exec a -- )gemel ((?:[a-z][a-z-]*(?: |$|(?=[`\n])))+)/gm);
  return Array.from(typed, ([, words = '']) => words.trim().split(' '));
}

/** An action with what it takes by position, or a group of actions. */
function exists(words: readonly string[], known: readonly string[]): boolean {
  const typed = words.join('.');
  return known.some((id) => typed === id || typed.startsWith(`${id}.`) || id.startsWith(`${typed}.`));
}
