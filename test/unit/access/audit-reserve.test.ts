import { AuditReserve } from '#core/access/audit-reserve.js';
import { ScriptedSystem } from '#core/testing/index.js';
import test from 'ava';

const path = '/audit/reserve';
const bytes = 64;

test('a reserve that is whole keeps lines where it is, over a restart too', async (t) => {
  const { files } = new ScriptedSystem();
  const before = new AuditReserve(files, path, bytes);
  await before.make();
  await before.keep('one');
  await new AuditReserve(files, path, bytes).keep('two');
  t.deepEqual(await new AuditReserve(files, path, bytes).lines(), ['one', 'two']);
});

const damage: readonly [string, string][] = [
  ['cut off', '\n'.repeat(bytes - 1)],
  ['of bytes that are no text, which a reader has as three each', '\uFFFD'.repeat(bytes)],
];
for (const [how, content] of damage)
  test(`a reserve that is ${how} is set aside and made anew`, async (t) => {
    const { files } = new ScriptedSystem({ files: { [path]: content } });
    const reserve = new AuditReserve(files, path, bytes);
    await reserve.make();
    await reserve.keep('one');
    t.deepEqual(
      [await reserve.lines(), await files.read(`${path}.damaged`), (await files.read(path))?.length],
      [['one'], content, bytes],
    );
  });
