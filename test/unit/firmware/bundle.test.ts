import { createHash, randomBytes } from 'node:crypto';
import { parseBundleInfo, refusalOf } from '#firmware/bundle/bundle-info.js';
import { type ApplianceFacts, judgeBundle } from '#firmware/bundle/bundle-verdict.js';
import { needsConfirmation, stepBetween, stepQuestion, steps } from '#firmware/bundle/version-step.js';
import { blockBytes, VerityTree } from '#firmware/bundle/verity-tree.js';
import test from 'ava';
import { bundleInfo } from './world.js';

const facts: ApplianceFacts = {
  running: '1.2.3',
  oldestAllowed: '1.0.0',
  compatible: 'gemel-x86_64',
  profile: 'virt1',
  target: { slot: 'B', bytes: 2 ** 30 },
};
const codes = (info: Parameters<typeof bundleInfo>[0], more: Partial<ApplianceFacts> = {}) =>
  judgeBundle('/b.raucb', parseBundleInfo(bundleInfo(info)), { ...facts, ...more }).map(({ code }) => code);

test('a step is named after the first number that differs', (t) => {
  t.is(stepBetween('1.2.3', '1.2.3'), 'same');
  t.is(stepBetween('1.2.3', '1.2.4'), 'patch');
  t.is(stepBetween('1.2.3', '1.3.0'), 'minor');
  t.is(stepBetween('1.2.3', '2.0.0'), 'major');
  t.is(stepBetween('1.2.3', '1.2.2'), 'older');
  t.is(stepBetween('2.0.0', '1.9.9'), 'older');
  t.is(stepBetween('1.2.3', '1.2.3-beta.1'), 'older');
  t.is(stepBetween('', '1.2.3'), 'major');
});

test('each step asks another question, and the larger ones want to be named', (t) => {
  t.is(new Set(steps.map((step) => stepQuestion(step, '1.2.3', '1.2.4'))).size, steps.length);
  t.deepEqual(steps.filter(needsConfirmation), ['minor', 'major', 'older']);
});

test('a bundle that fits is not objected to', (t) => {
  t.deepEqual(codes({ version: '1.3.0' }), []);
});

test('everything that does not fit is said at once', (t) => {
  t.deepEqual(
    codes({ version: '0.9.0', compatible: 'other', profiles: 'rack1', minimum: '1.2.4', imageBytes: 2 ** 31 }),
    [
      'firmware.bundle.other-product',
      'firmware.bundle.other-hardware',
      'firmware.version.needs-newer',
      'firmware.version.too-old',
      'firmware.slot.too-small',
    ],
  );
});

test('a machine that no hardware profile fits takes no bundle', (t) => {
  t.deepEqual(codes({ version: '1.3.0' }, { profile: undefined }), ['firmware.bundle.other-hardware']);
});

test('a bundle that names no rules is refused, as is one whose archive is a path', (t) => {
  t.deepEqual(codes({ version: '1.3.0', meta: {} }), ['firmware.bundle.no-rules']);
  t.deepEqual(codes({ version: '1.3.0', trial: '../../etc/shadow' }), ['firmware.bundle.no-rules']);
});

test('an image as large as the slot fits, one byte more does not', (t) => {
  t.deepEqual(codes({ version: '1.3.0', imageBytes: 2 ** 30 }), []);
  t.deepEqual(codes({ version: '1.3.0', imageBytes: 2 ** 30 + 1 }), ['firmware.slot.too-small']);
});

test('where there are no slots the size is not asked for', (t) => {
  t.deepEqual(codes({ version: '1.3.0', imageBytes: 2 ** 40 }, { target: undefined }), []);
});

test('what RAUC says about a bundle that it does not read tells distrust from damage', (t) => {
  const message = 'rauc-Message: 04:25:07.201: Reading bundle: /b.raucb\n';
  t.deepEqual(refusalOf(`${message}Invalid bundle format: Signature size is 0\n`), {
    kind: 'untrusted',
    reason: 'it has no signature',
  });
  t.deepEqual(refusalOf(`${message}Invalid bundle format: Signature size (254389) exceeds bundle size\n`), {
    kind: 'unreadable',
    reason: 'Invalid bundle format: Signature size (254389) exceeds bundle size',
  });
  t.is(refusalOf('Failed to verify signature: Verify error: self-signed certificate\n').kind, 'untrusted');
  t.is(refusalOf(message).reason, 'RAUC said nothing');
});

test('the tree over a few blocks is one block of hashes, whose own hash is the root', (t) => {
  const data = randomBytes(3 * blockBytes);
  const salt = randomBytes(32);
  const hash = (block: Buffer) => createHash('sha256').update(salt).update(block).digest();
  const tree = new VerityTree(salt.toString('hex'));
  tree.add(data.subarray(0, blockBytes));
  tree.add(data.subarray(blockBytes));
  const level = Buffer.alloc(blockBytes);
  for (let block = 0; block < 3; block++)
    hash(data.subarray(block * blockBytes, (block + 1) * blockBytes)).copy(level, block * 32);
  t.deepEqual(tree.finish(), { rootHash: hash(level).toString('hex'), tree: level });
});

test('more than 128 blocks have a level above, which lies first', (t) => {
  const tree = new VerityTree('00');
  tree.add(Buffer.alloc(129 * blockBytes));
  const { tree: levels } = tree.finish();
  t.is(levels.length, 3 * blockBytes);
  t.true(
    levels.subarray(2 * 32, blockBytes).every((byte) => byte === 0),
    'the top level has two hashes',
  );
});
