import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { z } from 'zod';

interface SchemaRow {
  readonly path: readonly string[];
  readonly type: string;
  readonly fallback: string;
  readonly meaning: string;
}
interface Run {
  readonly column: number;
  readonly text: string;
  readonly colour: number | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
}

/** The generator's modules run as they are written; they are no part of what is compiled. */
const generator = (name: string) => pathToFileURL(join(import.meta.dirname, '../../../../docs/generate', name)).href;
const { rowsOf }: { rowsOf(schema: object, path?: readonly string[]): readonly SchemaRow[] } = await import(
  generator('schema-rows.ts')
);
const { screenOf }: { screenOf(recorded: string, columns?: number): readonly (readonly Run[])[] } = await import(
  generator('ansi-screen.ts')
);

const rows = (schema: z.ZodType) =>
  rowsOf(z.toJSONSchema(schema, { io: 'input' })).map(({ path, ...rest }) => ({ path: path.join('/'), ...rest }));

test('every place of a schema is a row with type, default and meaning', (t) => {
  const schema = z.object({
    mode: z.enum(['simple', 'advanced']).describe('How much is shown'),
    ports: z.array(z.int().min(1).max(65_535)).max(3).default([80]).describe('Open ports. Default: none'),
    hosts: z.record(z.string(), z.object({ mtu: z.int().optional().describe("Bytes. Default: the link's") })),
    key: z.string().nullable().optional().meta({ secret: true }),
  });
  t.deepEqual(rows(schema), [
    { path: 'mode', type: '`simple`, `advanced`', fallback: 'required', meaning: 'How much is shown.' },
    { path: 'ports', type: 'list of at most 3: whole number, 1 to 65535', fallback: '`[80]`', meaning: 'Open ports.' },
    { path: 'hosts', type: 'object by name, of object', fallback: 'required', meaning: '' },
    { path: 'hosts/<name>/mtu', type: 'whole number', fallback: "the link's", meaning: 'Bytes.' },
    { path: 'key', type: 'text or null', fallback: '', meaning: 'Secret.' },
  ]);
});

test('markup in a description stays text', (t) => {
  const [row] = rows(z.object({ a: z.string().describe('One <b> | two *three*') }));
  t.is(row?.meaning, 'One &lt;b> \\| two \\*three\\*.');
});

test('a recorded session becomes lines of coloured runs', (t) => {
  const plain = { colour: undefined, bold: false, dim: false };
  t.deepEqual(screenOf('\u001b[1mName\u001b[0m  \u001b[32m● OK\u001b[0m  \r\nplain\r\n'), [
    [
      { ...plain, column: 0, text: 'Name', bold: true },
      { ...plain, column: 6, text: '● OK', colour: 2 },
    ],
    [{ ...plain, column: 0, text: 'plain' }],
  ]);
});

test('what a carriage return overwrites is not seen', (t) => {
  const [line] = screenOf('10 % copying\r100 %\u001b[K');
  t.deepEqual(
    line?.map(({ text }) => text),
    ['100 %'],
  );
});

test('a line that is longer than the terminal is wide goes on below', (t) => {
  const lines = screenOf('12345678\r\nend', 5);
  t.deepEqual(
    lines.map((runs) => runs.map(({ text }) => text).join('')),
    ['12345', '678', 'end'],
  );
});
