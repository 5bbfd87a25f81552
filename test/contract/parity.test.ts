import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileRule } from '#core/actions/taken-uploads.js';
import { candidatesFor, wordsTaken } from '#core/cli/candidates.js';
import { parseLine } from '#core/cli/command-line.js';
import { fieldsOf } from '#core/cli/fields.js';
import { actionHelp, nextWords, ownCommands } from '#core/cli/help.js';
import { uploadPrefix } from '#core/sdk/caller-file-rule.js';
import { misplacedFiles, openSecrets, undescribed } from '#core/testing/schema-complaints.js';
import { roles } from '@gemel/core/sdk';
import { createTestAppliance } from '@gemel/core/testing';
import test from 'ava';

const repository = join(import.meta.dirname, '../../..');
const plugins = ['network', 'time', 'dns', 'device', 'hardware', 'peer', 'cluster', 'sites', 'logging', 'firmware'].map(
  (id) => join(repository, 'plugins', id),
);

/** Everything that an appliance with all built-in plugins offers to its surfaces. */
async function everything() {
  await using appliance = await createTestAppliance({ plugins, engines: 'model' });
  const statuses = appliance.core.status.definitions().map(({ id }) => id);
  const sections = appliance.settings.state.sections.all().map(({ id, schema }) => ({
    id,
    schema: schema.toJSONSchema({ io: 'input', unrepresentable: 'any' }),
  }));
  return { actions: await appliance.core.actions.describe('administrator'), statuses, sections };
}

const plain = { colours: false, unicode: true, columns: 80 };
const known = everything();

test('the words of every action name it and nothing else', async (t) => {
  const { actions } = await known;
  const ids = actions.map(({ id }) => id);
  for (const { id } of actions) {
    const words = id.split('.');
    t.is(
      candidatesFor([...words, 'argument']).find((candidate) => ids.includes(candidate)),
      id,
    );
    t.is(wordsTaken(words, id), words.length, id);
    t.true(
      nextWords(words.slice(0, -1), actions).some((next) => next.id === words.at(-1)),
      `${id} is not listed in the help of its group`,
    );
    t.false(
      ownCommands.some((own) => own.id === id),
      `${id} is hidden by a command of the command line's own`,
    );
  }
});

test('every action has help, a role, and positionals that are properties', async (t) => {
  const { actions } = await known;
  for (const action of actions) {
    const help = actionHelp(action, actions, plain);
    t.true(help.includes(action.summary), action.id);
    t.true(roles.includes(action.role), action.id);
    const names = fieldsOf(action)
      .filter(({ path }) => path.length === 1)
      .map(({ path }) => path[0]);
    for (const positional of action.positionals) t.true(names.includes(positional), `${action.id}: ${positional}`);
  }
});

test('the command line can say every property of every action', async (t) => {
  const { actions } = await known;
  for (const action of actions) {
    const fields = fieldsOf(action);
    t.is(new Set(fields.map(({ option }) => option)).size, fields.length, `${action.id} has two options of one name`);
    for (const { option, typed, kind, schema } of fields) {
      if (!typed) continue;
      const value = sampleOf(schema);
      t.not(value, undefined, `${action.id} --${option}: no kind of value is known for ${JSON.stringify(schema)}`);
      const words = kind === 'flag' ? [`--${option}`] : [`--${option}=${value}`];
      t.notThrows(() => parseLine(action, words), `${action.id} ${words.join(' ')}`);
    }
  }
});

test('a file that an action takes is one of the caller, on every surface', async (t) => {
  const { actions } = await known;
  const page = await readFile(join(repository, 'docs/reference/actions.md'), 'utf8');
  const taking = actions.flatMap((action) => {
    const files = fieldsOf(action).filter(({ callerFile }) => callerFile !== undefined);
    return files.map((field) => ({ action, field }));
  });
  t.true(taking.length > 0);
  for (const { action, field } of taking) {
    const rule = fileRule(action.input, field.path[0] ?? '');
    t.deepEqual(rule, field.callerFile, `core does not find the file ${field.option} of ${action.id}`);
    t.not(action.kind, 'stream', `${action.id} would never be rid of its file`);
    const sent = `${uploadPrefix}${'0'.repeat(32)}`;
    const pattern = new RegExp(String(field.schema['pattern']), 'u');
    t.true(pattern.test(sent) && pattern.test(`/x${rule?.ending ?? ''}`), `${action.id} refuses what was sent`);
    const help = actionHelp(action, actions, plain).replace(/\s+/g, ' ');
    t.true(help.includes('sent to core unless'), `${action.id} --help does not say that the file is sent`);
    const [, described = ''] = page.split(`### gemel ${action.id.replaceAll('.', ' ')}\n`);
    t.regex(described.split('\n### ')[0] ?? '', /\| file of yours/, `${action.id} in the reference; npm run docs`);
  }
  const bare = actions.flatMap((action) =>
    fieldsOf(action)
      .filter(({ path, fileContent, callerFile }) => /file$/i.test(path.at(-1) ?? '') && !fileContent && !callerFile)
      .map(({ option }) => `${action.id} --${option}`),
  );
  t.deepEqual(bare, [], 'these take a name that only means something on the appliance: callerFile or fileContent');
  t.deepEqual(
    actions.flatMap(({ id, input }) => misplacedFiles(input, id)),
    [],
  );
});

test('everything is in the reference', async (t) => {
  const { actions, statuses, sections } = await known;
  const page = (name: string) => readFile(join(repository, 'docs/reference', `${name}.md`), 'utf8');
  const [actionPage, statusPage, settingsPage] = await Promise.all(['actions', 'status', 'settings'].map(page));
  const missing = [
    ...actions.filter(({ id }) => !actionPage?.includes(`gemel ${id.replaceAll('.', ' ')}`)).map(({ id }) => id),
    ...statuses.filter((id) => !statusPage?.includes(id)),
    ...sections.filter(({ id }) => !settingsPage?.includes(id)).map(({ id }) => id),
  ];
  t.deepEqual(missing, [], 'npm run docs');
});

test('what is called a password, secret or key is marked as one', async (t) => {
  const { actions, sections } = await known;
  t.deepEqual(
    [
      ...actions.flatMap(({ id, input }) => openSecrets(input, id)),
      ...sections.flatMap(({ id, schema }) => openSecrets(schema, id)),
    ],
    [],
  );
});

test('every input of an action of core is described', async (t) => {
  const { actions } = await known;
  const core = actions.filter(({ plugin }) => plugin === 'core');
  t.deepEqual(
    core.flatMap(({ id, input }) => undescribed(input, id)),
    [],
  );
});

/** A text that the schema's kind of value takes on the command line; undefined when there is none. */
function sampleOf(schema: Readonly<Record<string, unknown>>): string | undefined {
  const { type, examples, default: fallback, minimum } = schema;
  const [choice] = Array.isArray(schema['enum']) ? schema['enum'] : [schema['const']];
  if (choice !== undefined) return String(choice);
  const example: unknown = Array.isArray(examples) ? examples[0] : fallback;
  if (example !== undefined) return typeof example === 'string' ? example : JSON.stringify(example);
  if (type === 'string') return 'text';
  if (type === 'boolean') return 'true';
  if (type === 'integer' || type === 'number') return String(typeof minimum === 'number' ? Math.max(minimum, 1) : 1);
  if (type === 'array') return '[]';
  if (type === 'object') return '{}';
  if (!Array.isArray(schema['anyOf'])) return undefined;
  const alternatives: readonly Readonly<Record<string, unknown>>[] = schema['anyOf'];
  return alternatives.map(sampleOf).find((sample) => sample !== undefined);
}
