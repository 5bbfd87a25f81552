import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeBundle } from './bundle.ts';
import { builtInProfiles, MINIMUM_VERSION, repositoryVersion } from './firmware-record.ts';
import { buildImage } from './image.ts';
import { firmwareKeys } from './keys.ts';
import { asMappedRoot } from './mapped-root.ts';
import { ToolError } from './run-command.ts';

const USAGE = `npm run bundle -- --out FILE [--version V] [--profiles LIST] [--minimum V] [--release]
Builds a signed firmware bundle (RAUC, verity) from the repository as it is.
  --out FILE        where to write it, for example gemel-0.2.0.raucb
  --version V       its version; default: the one of package.json
  --profiles LIST   hardware profiles that may install it, with commas; default: all built-in ones
  --minimum V       oldest version that an appliance may come from; default ${MINIMUM_VERSION}
  --release         refuse development keys, see firmware/keys/README.md`;

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      out: text,
      version: text,
      profiles: text,
      minimum: text,
      release: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  if (values.out === undefined) throw new ToolError(`--out FILE is missing.\n${USAGE}`);
  const say = (line: string): void => console.error(`bundle: ${line}`);
  const keys = await firmwareKeys({ release: values.release });
  const image = await buildImage(say, { release: values.release });
  const scratch = await mkdtemp(join(tmpdir(), 'gemel-bundle-'));
  try {
    await writeBundle({
      image,
      keys,
      scratch,
      out: resolve(values.out),
      about: {
        version: values.version ?? (await repositoryVersion()),
        profiles: values.profiles?.split(',') ?? (await builtInProfiles()),
        minimumVersion: values.minimum ?? MINIMUM_VERSION,
      },
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  if (keys.development) say('signed with development keys: only appliances built from this checkout take it');
  console.log(values.out);
}

await asMappedRoot('bundle', main);
