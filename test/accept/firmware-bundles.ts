/** Bundles that the firmware scripts install: a good one, and bad ones that differ in how far their start gets. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeBundle, type BundleContent } from '../../firmware/bundle.ts';
import { cached, contentKey, prune } from '../../firmware/cache.ts';
import { builtInProfiles, MINIMUM_VERSION, replaceFile } from '../../firmware/firmware-record.ts';
import { buildImage } from '../../firmware/image.ts';
import { firmwareKeys } from '../../firmware/keys.ts';

const kinds = ['good', 'no-boot', 'core-fails', 'gate-fails'] as const;
export type BundleKind = (typeof kinds)[number];

/** Two versions of each kind are of no use. */
const kept = kinds.length;

/** Seconds that the gate waits in a bundle whose core never answers; the others keep the default. */
const shortGate = 45;

/** What is done to the root of each kind, and what the operator is told afterwards. */
export const badKinds: Readonly<
  Record<
    Exclude<BundleKind, 'good'>,
    { readonly version: string; readonly reason: RegExp; change(root: string): Promise<void> }
  >
> = {
  'no-boot': {
    version: '0.2.1',
    reason: /did not start: kernel, root file system or systemd/,
    // the kernel finds nothing to run and panics
    async change(root) {
      for (const name of ['usr/lib/systemd/systemd', 'usr/sbin/init', 'usr/bin/sh', 'usr/bin/dash', 'usr/bin/bash'])
        await rm(join(root, name), { force: true });
    },
  },
  'core-fails': {
    version: '0.2.2',
    reason: /^core does not run \(/,
    async change(root) {
      await replaceFile(
        join(root, 'usr/lib/gemel/core/dist/bin/gemel-core.js'),
        "throw new Error('this core is broken');\n",
      );
      await limitGate(root);
    },
  },
  'gate-fails': {
    version: '0.2.3',
    reason: /sick\.pulse: the sick plugin was never well/,
    async change(root) {
      const folder = join(root, 'usr/lib/gemel/plugins/sick');
      const gemel = { id: 'sick', title: 'Sick', core: '*', isolation: 'in-process', entry: './plugin.js' };
      const description = { name: 'sick', version: '0.0.0', type: 'module', gemel };
      await replaceFile(join(folder, 'package.json'), JSON.stringify(description));
      await replaceFile(
        join(folder, 'plugin.js'),
        `import { definePlugin } from '../../core/dist/sdk/index.js';
export default definePlugin({ id: 'sick', activate(context) {
  context.addHealthCheck('pulse', async () => ({ healthy: false, reason: 'the sick plugin was never well' }));
} });
`,
      );
      await limitGate(root, 8 * shortGate);
    },
  },
};

async function limitGate(root: string, seconds = shortGate): Promise<void> {
  const folder = join(root, 'usr/lib/systemd/system/gemel-firmware-gate.service.d');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'limit.conf'), `[Service]\nEnvironment=GEMEL_GATE_SECONDS=${seconds}\n`);
}

/** @returns the file, from the cache when the image is still the same. */
export async function testBundle(kind: BundleKind, more: Partial<BundleContent> = {}): Promise<string> {
  const image = await buildImage(() => undefined);
  const keys = await firmwareKeys({ release: false });
  const bad = kind === 'good' ? undefined : badKinds[kind];
  const about: BundleContent = {
    version: bad?.version ?? '0.2.0',
    profiles: await builtInProfiles(),
    minimumVersion: MINIMUM_VERSION,
    ...more,
  };
  const key = await contentKey(
    [import.meta.filename, join(import.meta.dirname, '../../firmware/bundle.ts'), keys.certificate],
    [image.id, kind, JSON.stringify(about)],
  );
  const { path, seconds } = await cached('bundle', key, async (folder) => {
    const scratch = join(folder, 'scratch');
    await mkdir(scratch);
    const out = join(folder, 'bundle.raucb');
    await writeBundle({ image, keys, about, scratch, out, ...(bad === undefined ? {} : { change: bad.change }) });
    await rm(scratch, { recursive: true });
  });
  if (seconds > 0) await prune('bundle', kept);
  return join(path, 'bundle.raucb');
}
