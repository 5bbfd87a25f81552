import { parseArgs } from 'node:util';
import { buildImage } from './image.ts';
import { asMappedRoot } from './mapped-root.ts';
import { mustRun } from './run-command.ts';

const USAGE = `npm run image [-- --out FILE] [--release]
Builds the appliance disk from the repository as it is. Cached; prints where it is.
  --out FILE   also write it there: raw, or qcow2 when FILE ends in .qcow2
  --release    refuse development keys for firmware bundles, see firmware/keys/README.md`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      release: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const image = await buildImage((line) => console.error(`image: ${line}`), { release: values.release });
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

await asMappedRoot('image', main);
