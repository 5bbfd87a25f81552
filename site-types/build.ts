import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ToolError } from '../firmware/run-command.ts';
import { buildSiteVersion } from './site-version.ts';

const USAGE = `node site-types/build.ts TYPE VERSION [--out FOLDER]
Builds a version of a site type from Debian's packages: an image and the file that describes it. Prints the latter's path.
Upload both to an appliance: gemel site version upload FILE.json
  --out FOLDER   default: site-types/out`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  const [type, version] = positionals;
  if (values.help || type === undefined || version === undefined) {
    console.log(USAGE);
    return;
  }
  const out = resolve(values.out ?? join(import.meta.dirname, 'out'));
  console.log(await buildSiteVersion(type, version, out, (line) => console.error(`site-types: ${line}`)));
}

await main().catch((cause: unknown) => {
  console.error(cause instanceof ToolError ? `site-types: ${cause.message}` : cause);
  process.exitCode = 1;
});
