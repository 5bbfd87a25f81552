import { type Field, fieldsOf } from '../../core/dist/cli/fields.js';
import { placeholder } from '../../core/dist/cli/command-line.js';
import { principals } from '../../core/dist/ipc/principals.js';
import type { ActionDescriptor } from '../../core/dist/ipc/core-api.js';
import { jsonSchemaOf } from '../../core/dist/actions/action-schema.js';
import type { Section, StatusDefinition } from '../../core/dist/sdk/index.js';
import type { Definitions } from './definitions.ts';
import { code, madeBy, page, plain, table } from './markdown.ts';
import { type JsonSchema, record, rowsOf, typeText } from './schema-rows.ts';

/** `network/bonds/<name>/mode` */
const settingsPath = (path: readonly string[]) => code(path.join('/'));
/** `servers[].name`, `bonds.<name>.state` */
const outputPath = (path: readonly string[]) => code(path.join('.').replaceAll('.<n>', '[]'));

export function settingsPage(sections: readonly Section<unknown, unknown>[]): string {
  const scopes = {
    cluster: 'the same on both nodes of a cluster',
    node: 'this device only',
    hardware: 'belongs to the machine and survives a factory reset',
  };
  const blocks = sections.flatMap(({ id, title, scope, version, confirmSeconds = 0, schema }) => {
    const window = confirmSeconds === 0 ? 'confirmed at once' : `to be confirmed within ${confirmSeconds} s`;
    const rows = rowsOf(jsonSchemaOf(schema, 'input'), [id]);
    return [
      `## ${id}: ${plain(title)}`,
      `Scope ${code(scope)}: ${scopes[scope]}. A change is ${window}. Version ${version}.`,
      table(
        ['Path', 'Type', 'Default', 'Meaning'],
        rows.map((row) => [settingsPath(row.path), row.type, row.fallback, row.meaning]),
      ),
    ];
  });
  const intro = [
    'Paths are typed as they stand here: `gemel settings set network/mode advanced`.',
    '`<name>` is a name that you choose, `<n>` a number in a list that begins with 0. A secret is write-only:',
    'it is never shown or exported.',
  ];
  return page([madeBy, '# Settings', intro.join(' '), ...blocks]);
}

export function actionsPage(actions: readonly ActionDescriptor[]): string {
  const groups = Map.groupBy(actions, ({ id }) => id.split('.')[0] ?? id);
  const intro = [
    'Everything that can be done. The words of a command are the id of its action, split at the dots.',
    'Every command takes `--json`, `--yes`, `--detach` and `--help`.',
  ];
  const contents = [...groups].map(
    ([group, members]) => `- [${group}](#${group}): ${members.map(({ id }) => code(id)).join(', ')}`,
  );
  const blocks = [...groups].flatMap(([group, members]) => [`## ${group}`].concat(members.flatMap(actionBlocks)));
  return page([madeBy, '# Actions', intro.join(' '), contents.join('\n'), ...blocks]);
}

function actionBlocks(action: ActionDescriptor): readonly string[] {
  const words = `gemel ${action.id.replaceAll('.', ' ')}`;
  const facts = [
    plain(action.summary).replace(/\.?$/, '.'),
    `Role: ${action.role}.`,
    action.kind === 'job' ? 'Runs as a job.' : action.kind === 'stream' ? 'Gives its output piece by piece.' : '',
    action.confirmation === undefined ? '' : `Asks: “${plain(action.confirmation)}”`,
  ];
  return [
    `### ${words}`,
    facts.filter((fact) => fact !== '').join(' '),
    principals.root.own.action(action.id)
      ? `\`\`\`\n${usageLine(words, action)}\n\`\`\``
      : 'For surfaces where people sign in; the command line is none.',
    inputTable(action),
    outputTable(record(action.output)),
  ];
}

/** As it is typed: what stands by position first, then what is required, then the rest. */
function usageLine(words: string, action: ActionDescriptor): string {
  const { positionals } = action;
  const fields = fieldsOf(action);
  const placed = positionals.flatMap((name) => fields.filter(({ path }) => path.length === 1 && path[0] === name));
  const byPosition = placed.map((field) => {
    const shown = `${placeholder(field, positionals)}${field.kind === 'list' ? ' …' : ''}`;
    return field.required ? shown : `[${shown}]`;
  });
  const others = fields.filter(
    (field) => !placed.includes(field) && !(field.kind === 'value' && 'properties' in field.schema),
  );
  const needed = others.filter(({ required }) => required);
  const named = needed.map(
    (field) => typedName(field, positionals) + (field.kind === 'flag' || !field.typed ? '' : ' …'),
  );
  const rest = others.length > needed.length ? ['[options]'] : [];
  return [words, ...byPosition, ...named, ...rest].join(' ');
}

/** Secrets are asked for, or read from standard input. */
function typedName(field: Field, positionals: readonly string[]): string {
  return field.typed ? placeholder(field, positionals) : `--${field.option}-stdin`;
}

function inputTable(action: ActionDescriptor): string {
  const { input, positionals } = action;
  const rows = rowsOf(input);
  const byPath = new Map(rows.map((row) => [row.path.join('/'), row]));
  const fields = fieldsOf(action).filter((field) => !(field.kind === 'value' && 'properties' in field.schema));
  return table(
    ['Option', 'Type', 'Default', 'Meaning'],
    fields.map((field) => {
      const row = byPath.get(field.path.join('/'));
      return [
        code(typedName(field, positionals)),
        row?.type ?? typeText(field.schema),
        row?.fallback ?? '',
        row?.meaning ?? '',
      ];
    }),
  );
}

function outputTable(output: JsonSchema): string {
  const rows = rowsOf(output);
  if (rows.length === 0) return `Output: ${typeText(output)}.`.replace('Output: object.', '');
  return [
    'Output:',
    table(
      ['Field', 'Type', 'Meaning'],
      rows.map((row) => [outputPath(row.path), row.type, row.meaning]),
    ),
  ].join('\n\n');
}

export function statusPage(statuses: readonly StatusDefinition<unknown>[]): string {
  const blocks = statuses.flatMap(({ id, title, schema }) => {
    const output = jsonSchemaOf(schema, 'output');
    const rows = rowsOf(output);
    const shape = table(
      ['Field', 'Type', 'Meaning'],
      rows.map((row) => [outputPath(row.path), row.type, row.meaning]),
    );
    return [`## ${id}`, `${plain(title)}.`, rows.length === 0 ? `A ${typeText(output)}.` : shape];
  });
  const intro = 'What is observed and kept: `gemel status show ID`. A change is told as the event `status.changed`.';
  return page([madeBy, '# Status', intro, ...blocks]);
}

export function eventsPage({ events }: Definitions): string {
  const blocks = events.flatMap(({ owner, definition: { id, summary, schema } }) => {
    const payload = jsonSchemaOf(schema, 'output');
    const rows = rowsOf(payload).map((row) => [outputPath(row.path), row.type, row.meaning]);
    return [`## ${id}`, `${plain(summary)} From ${code(owner)}.`, table(['Field', 'Type', 'Meaning'], rows)];
  });
  const intro = 'Facts in the past tense, as `gemel events` shows them. The fields are those of the payload.';
  return page([madeBy, '# Events', intro, ...blocks]);
}

export function reportsPage({ reports }: Definitions): string {
  const groups = Map.groupBy(reports, ({ owner }) => owner);
  const blocks = [...groups].flatMap(([owner, members]) => [
    `## ${owner}`,
    table(
      ['Code', 'Severity', 'Text', 'Force code'],
      members.map(({ definition: [id, { severity, text, forceCode }] }) => [
        code(id),
        severity,
        plain(text),
        forceCode === undefined ? '' : code(forceCode),
      ]),
    ),
  ]);
  const intro = [
    'What Gemel says to an operator. Codes stay the same, texts may be improved; programs should look at the code and its parameters.',
    'An error with a force code can be overruled by passing that code.',
  ];
  return page([madeBy, '# Reports', intro.join(' '), ...blocks]);
}
