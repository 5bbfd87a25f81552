import { crc32 as zlib } from 'node:zlib';
import { crc32 } from '#core/settings/store/crc32.js';
import test from 'ava';

test('is the CRC-32 that zlib has, so that revisions of before still count as whole', (t) => {
  t.is(crc32(Buffer.from('123456789')), 0xcbf43926);
  const every = Uint8Array.from({ length: 1_024 }, (_, index) => (index * 7) & 0xff);
  for (const bytes of [new Uint8Array(), Buffer.from('grün'), every]) t.is(crc32(bytes), zlib(bytes));
});
