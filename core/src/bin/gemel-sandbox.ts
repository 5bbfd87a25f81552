import { enableCompileCache, flushCompileCache } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { state: { type: 'string' } } });
const folder = resolve(values.state ?? fileURLToPath(new URL('../../../.state', import.meta.url)));
enableCompileCache(`${folder}/compiled`);

// imported only now, so that the cache holds it
const { runSandbox } = await import('../kernel/compose-host.js');
await runSandbox(folder);
console.log(`READY
This is a Gemel appliance on the sandbox host: no engine of this machine is touched, nothing here proves that a network works.
Talk to it from another terminal in this folder:
  npx gemel status
  npx gemel help
Its files are in ${folder}. End it with Ctrl-C.`);
// now, since a process that is killed writes nothing
flushCompileCache();
