import type { ActionDescriptor } from '../ipc/core-api.js';
import type { KnownAction } from '../ipc/router.js';
import { commonOptions } from './command-line.js';
import { drawView } from './draw-view.js';
import { exitCodeMeanings } from './exit-codes.js';
import { choicesOf, type Field, fieldsOf, kebab } from './fields.js';
import { rangeText } from './parse-value.js';
import { bold, type Style } from './style.js';

/** Commands that are not actions. */
export const ownCommands: readonly KnownAction[] = [
  { id: 'events', summary: 'Follow events as they happen.' },
  { id: 'completion', summary: 'Print the completion script for bash, zsh or fish.' },
  { id: 'help', summary: 'Show help for a command, or: help exit-codes.' },
];

/** One word deeper than `words`: what can be typed next, and what it is. */
export function nextWords(words: readonly string[], known: readonly KnownAction[]): readonly KnownAction[] {
  const prefix = words.map((word) => `${word}.`).join('');
  const groups = new Map<string, KnownAction[]>();
  for (const action of [...known, ...(words.length === 0 ? ownCommands : [])]) {
    if (!action.id.startsWith(prefix)) continue;
    const [word = ''] = action.id.slice(prefix.length).split('.');
    groups.set(word, [...(groups.get(word) ?? []), action]);
  }
  return [...groups]
    .map(([word, actions]) => {
      const own = actions.find(({ id }) => id === `${prefix}${word}`);
      return { id: word, summary: own?.summary ?? groupSummary(prefix + word, actions) };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** `show, set, unset …` */
function groupSummary(group: string, actions: readonly KnownAction[]): string {
  const words = [...new Set(actions.map(({ id }) => id.slice(group.length + 1).split('.')[0] ?? ''))];
  const shown = words.slice(0, 6).join(', ');
  return words.length > 6 ? `${shown} and more` : shown;
}

export function groupHelp(words: readonly string[], known: readonly KnownAction[], style: Style): string {
  const command = ['gemel', ...words].join(' ');
  const fields = nextWords(words, known).map(({ id, summary }) => [id, summary] as const);
  const commands = drawView({ kind: 'fields', title: 'Commands', fields }, style);
  const more = `${command} COMMAND --help shows one of them; gemel help exit-codes what a script can rely on.`;
  const intro = words.length === 0 ? `${bold('gemel', style)}: one appliance, set up and changed safely.\n\n` : '';
  return `${intro}${commands}\n${more}\n`;
}

export function actionHelp(action: ActionDescriptor, below: readonly KnownAction[], style: Style): string {
  const words = action.id.split('.');
  const fields = fieldsOf(action);
  const byPosition = action.positionals.flatMap((name) =>
    fields.filter((field) => field.path.length === 1 && field.path[0] === name),
  );
  // an object whose parts have options of their own is not shown as one more
  const options = fields.filter((field) => !byPosition.includes(field) && !('properties' in field.schema));
  const usage = ['gemel', ...words, ...byPosition.map(positionalUsage), ...(options.length > 0 ? ['[OPTIONS]'] : [])];
  const sections = [
    `${action.summary}\n`,
    `${bold('Usage:', style)} ${usage.join(' ')}\n`,
    table('Arguments', byPosition, (field) => field.option.toUpperCase(), style),
    table('Options', options, optionUsage, style),
    drawView(
      {
        kind: 'fields',
        title: 'Always',
        fields: [
          ...Object.entries(commonOptions)
            .filter(([name]) => name !== 'detach' || action.kind === 'job')
            .map(([name, text]) => [`--${name}`, `${text}.`] as const),
          [
            '--json-input FILE',
            'Read the whole input as a JSON object; options change parts of it. - is standard input.',
          ],
        ],
      },
      style,
    ),
    `Needs the role ${action.role}.${action.kind === 'job' ? ' Starts a job: Ctrl-C leaves it running.' : ''}\n`,
    ...(below.length > 0 ? [groupHelp(words, below, style)] : []),
  ];
  return sections.filter((section) => section !== '').join('\n');
}

function positionalUsage(field: Field): string {
  const name = field.option.toUpperCase() + (field.kind === 'list' ? '…' : '');
  return field.required ? name : `[${name}]`;
}

function table(title: string, fields: readonly Field[], usage: (field: Field) => string, style: Style): string {
  if (fields.length === 0) return '';
  const rows = fields.map((field) => [usage(field), explain(field)] as const);
  return drawView({ kind: 'fields', title, fields: rows }, style);
}

function optionUsage(field: Field): string {
  if (!field.typed) return `--${field.option}-stdin`;
  const name = `--${field.option}`;
  if (field.kind === 'flag') return `--${flagPrefix(field)}${field.option}`;
  return `${name} ${valueName(field)}`;
}

/** Only the way that changes something, where it is known what it is when left out. */
function flagPrefix({ schema }: Field): string {
  if (schema['default'] === undefined) return '[no-]';
  return schema['default'] === true ? 'no-' : '';
}

function valueName(field: Field): string {
  if (field.fileContent || field.callerFile !== undefined) return 'FILE';
  if (field.kind === 'list') return 'A,B,…';
  if (field.kind === 'map') return 'NAME=VALUE';
  const { type } = field.schema;
  if (type === 'integer' || type === 'number') return 'NUMBER';
  if (type === 'object') return 'JSON';
  return choicesOf(field.schema) === undefined ? 'TEXT' : 'WORD';
}

/** Description, what fits, and what it is when left out. */
function explain(field: Field): string {
  const { description, default: byDefault, items } = field.schema;
  const choices = choicesOf(field.schema) ?? (isSchema(items) ? choicesOf(items) : undefined);
  const parts = [typeof description === 'string' ? description.replace(/\.$/, '') : ''];
  if (choices !== undefined && field.kind !== 'flag') parts.push(`one of ${choices.map(String).join(', ')}`);
  const range = rangeText(field.schema).replace(/^,? /, '');
  if (range !== '') parts.push(range);
  if (field.schema['nullable'] === true) parts.push('none clears it');
  if (field.fileContent) parts.push('name of a file, - is standard input');
  if (field.callerFile !== undefined)
    parts.push(`name of a file; sent to core unless it lies below ${field.callerFile.inPlace.join(', ')}`);
  if (!field.typed) parts.push('secret: asked for, or read from standard input');
  else if (field.secretField !== undefined)
    parts.push(`where it is a secret, leave it out, or use --${kebab(field.secretField)}-stdin`);
  if (byDefault !== undefined)
    parts.push(`default ${typeof byDefault === 'string' ? byDefault : JSON.stringify(byDefault)}`);
  if (field.required) parts.push('required');
  const text = parts.filter((part) => part !== '').join('; ');
  return text === '' ? '' : `${text}.`;
}

function isSchema(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

export function exitCodeHelp(style: Style): string {
  const fields = exitCodeMeanings.map(([code, meaning]) => [String(code), meaning] as const);
  return drawView({ kind: 'fields', title: 'Exit codes', fields }, style);
}
