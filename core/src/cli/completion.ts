import type { CoreClient } from '../ipc/core-client.js';
import { candidatesFor, wordsOf } from './candidates.js';
import { commonOptions } from './command-line.js';
import { choicesOf, type Field, fieldsOf, record } from './fields.js';
import { nextWords } from './help.js';
import { UsageError } from './usage-error.js';

/** Ask `gemel __complete` with the words before the cursor, the last of them being completed. */
const scripts: Readonly<Record<string, string>> = {
  bash: `_gemel() {
  local IFS=$'\\n'
  COMPREPLY=($(gemel __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
  [ "\${#COMPREPLY[@]}" -eq 0 ] && compopt -o default
  return 0
}
complete -F _gemel gemel
`,
  zsh: `#compdef gemel
_gemel() {
  local -a found
  local line
  while IFS= read -r line; do
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(gemel __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe 'gemel' found; else _files; fi
}
compdef _gemel gemel
`,
  fish: `function __gemel_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (gemel __complete $words[2..-1] 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c gemel -f -a '(__gemel_complete)'
`,
};

/** @throws UsageError for an unknown shell. */
export function completionScript(shell: string | undefined): string {
  const script = scripts[shell ?? ''];
  if (script !== undefined) return script;
  throw new UsageError(`Say which shell: gemel completion ${Object.keys(scripts).join('|')}.`);
}

/** What can stand in the place of the last word, one per line: the word, a tab, what it is. */
export async function complete(line: readonly string[], connect: () => Promise<CoreClient>): Promise<string> {
  const current = line.at(-1) ?? '';
  const before = line.slice(0, -1).filter((word) => !isCommon(word));
  const found = (await proposals(before, current, connect)).filter(([word]) => word.startsWith(current));
  return found.map(([word, text]) => `${word}\t${text}\n`).join('');
}

type Proposal = readonly [word: string, text: string];

const common = Object.entries(commonOptions).map(([name, text]): Proposal => [`--${name}`, text]);

async function proposals(
  before: readonly string[],
  current: string,
  connect: () => Promise<CoreClient>,
): Promise<readonly Proposal[]> {
  const [command] = before;
  if (command === 'events' && current.startsWith('-'))
    return [['--prefix', 'Only events whose id starts with it'], ...common];
  if (command === 'completion') return Object.keys(scripts).map((shell) => [shell, 'shell']);
  const line = command === 'help' ? before.slice(1) : before;
  const words = wordsOf(line);
  const client = await connect();
  const { action, known } = await client.find(candidatesFor(words));
  if (action === undefined || command === 'help') {
    const next = nextWords(words, known).map(({ id, summary }): Proposal => [id, summary]);
    return command === 'help' && words.length === 0 ? [...next, ['exit-codes', 'What gemel ends with']] : next;
  }
  const fields = fieldsOf(action);
  const last = line.at(-1) ?? '';
  const [, optionOfCurrent] = /^--([^=]+)=/.exec(current) ?? [];
  if (optionOfCurrent !== undefined) {
    return valuesOf(fields.find(({ option }) => option === optionOfCurrent)).map(([value, text]) => [
      `--${optionOfCurrent}=${value}`,
      text,
    ]);
  }
  const open = fields.find(({ option, kind }) => `--${option}` === last && kind !== 'flag');
  if (open !== undefined) return valuesOf(open);
  if (current.startsWith('-')) return options(fields);
  const typed = line.slice(action.id.split('.').length).filter((word) => !word.startsWith('-'));
  const name = action.positionals[Math.min(typed.length, action.positionals.length - 1)];
  const deeper = nextWords(action.id.split('.'), known).map(({ id, summary }): Proposal => [id, summary]);
  return [...deeper, ...valuesOf(fields.find(({ path }) => path.length === 1 && path[0] === name))];
}

function options(fields: readonly Field[]): readonly Proposal[] {
  const own = fields.map((field): Proposal => {
    const { description } = field.schema;
    const off = field.kind === 'flag' && field.schema['default'] === true;
    const word = !field.typed ? `--${field.option}-stdin` : off ? `--no-${field.option}` : `--${field.option}`;
    return [word, typeof description === 'string' ? description : ''];
  });
  return [...own, ...common];
}

function valuesOf(field: Field | undefined): readonly Proposal[] {
  const choices =
    field === undefined ? undefined : (choicesOf(field.schema) ?? choicesOf(record(field.schema['items'])));
  return (choices ?? []).map((choice) => [String(choice), '']);
}

function isCommon(word: string): boolean {
  return Object.keys(commonOptions).some((name) => `--${name}` === word);
}
