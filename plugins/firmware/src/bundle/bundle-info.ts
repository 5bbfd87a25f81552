import { z } from 'zod';

/** What `rauc info --output-format=json-2` prints, as far as it matters here. */
const raucInfoSchema = z.object({
  update: z.object({ version: z.string(), compatible: z.string() }),
  images: z.array(z.object({ 'slot-class': z.string(), size: z.number() })),
  bundle: z.object({
    format: z.string(),
    'verity-size': z.number(),
    'verity-salt': z.string(),
    'verity-hash': z.string(),
  }),
  meta: z.object({ gemel: z.record(z.string(), z.string()).optional() }).optional(),
});

export interface BundleInfo {
  readonly version: string;
  readonly compatible: string;
  /** Of the root image, uncompressed. */
  readonly imageBytes: number;
  readonly verity: { readonly rootHash: string; readonly salt: string; readonly treeBytes: number };
  /** Undefined when the bundle was not built by `npm run bundle`. */
  readonly rules: BundleRules | undefined;
}

export interface BundleRules {
  readonly profiles: readonly string[];
  /** Oldest version it may replace. */
  readonly minimumVersion: string;
  /** Archive inside the bundle with the code that tries the settings. */
  readonly settingsTrial: string;
}

/** @throws when it is not what RAUC prints for a verity bundle. */
export function parseBundleInfo(text: string): BundleInfo {
  const info = raucInfoSchema.parse(JSON.parse(text));
  const root = info.images.find((image) => image['slot-class'] === 'rootfs');
  if (root === undefined) throw new Error('it has no image for the root slot');
  return {
    version: info.update.version,
    compatible: info.update.compatible,
    imageBytes: root.size,
    verity: {
      rootHash: info.bundle['verity-hash'],
      salt: info.bundle['verity-salt'],
      treeBytes: info.bundle['verity-size'],
    },
    rules: rulesOf(info.meta?.gemel),
  };
}

function rulesOf(meta: Readonly<Record<string, string>> | undefined): BundleRules | undefined {
  const profiles = meta?.['profiles']?.split(' ').filter((id) => id !== '');
  const minimumVersion = meta?.['minimum-version'];
  const settingsTrial = meta?.['settings-trial'];
  if (profiles === undefined || minimumVersion === undefined || settingsTrial === undefined) return undefined;
  // a path would reach outside the folder it is unpacked to
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(settingsTrial)) return undefined;
  return { profiles, minimumVersion, settingsTrial };
}

/** Why RAUC refused to read a bundle, from what it said: its own sentence comes last, with the chain of causes. */
export function refusalOf(stderr: string): { readonly kind: 'untrusted' | 'unreadable'; readonly reason: string } {
  const lines = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('rauc-Message'));
  const reason = (lines.at(-1) ?? 'RAUC said nothing').trim().replace(/\.$/, '');
  if (/signature size is 0\b/i.test(reason)) return { kind: 'untrusted', reason: 'it has no signature' };
  const broken = /^invalid bundle (?:format|identifier)|too (?:small|large)/i.test(reason);
  return { kind: !broken && /signature|certificate|cms/i.test(reason) ? 'untrusted' : 'unreadable', reason };
}
