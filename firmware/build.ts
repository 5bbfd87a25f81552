import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { buildImage } from './image.ts';
import { mustRun, ToolError } from './run-command.ts';

const USAGE = `npm run image [-- --out FILE]
Builds the appliance disk from the repository as it is. Cached; prints where it is.
  --out FILE   also write it there: raw, or qcow2 when FILE ends in .qcow2`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const image = await buildImage((line) => console.error(`image: ${line}`));
  const { debian, image: own } = image.seconds;
  console.error(`image: Debian root ${took(debian)}, appliance and disk ${took(own)}`);
  if (values.out === undefined) {
    console.log(image.disk);
    return;
  }
  const format = values.out.endsWith('.qcow2') ? 'qcow2' : 'raw';
  const temporary = `${values.out}.part`;
  await mustRun(
    format === 'qcow2'
      ? ['qemu-img', 'convert', '-f', 'raw', '-O', format, image.disk, temporary]
      : ['cp', '--sparse=always', image.disk, temporary],
  );
  await mustRun(['mv', '-f', temporary, values.out]);
  console.log(values.out);
}

function took(seconds: number): string {
  return seconds === 0 ? 'from the cache' : `built in ${seconds.toFixed(1)} s`;
}

// Without root the whole build runs as the root of a user namespace: files get the right owners and nothing on the machine changes.
if (process.getuid?.() !== 0) {
  const inner = ['--user', '--map-root-user', '--map-auto', '--mount', process.execPath, ...process.argv.slice(1)];
  const result = spawnSync('unshare', inner, { stdio: 'inherit' });
  if (result.error) console.error('unshare is missing: run scripts/host-packages');
  process.exitCode = result.status ?? 1;
} else {
  await main().catch((cause: unknown) => {
    console.error(cause instanceof ToolError ? `image: ${cause.message}` : cause);
    process.exitCode = 1;
  });
}
