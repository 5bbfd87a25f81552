import { parseArgs } from 'node:util';
import { peerPort } from '../wire/sizes.js';
import { startPeerProgram } from './peer-program.js';
import { processClock } from './system/process-clock.js';

/** The process: runs until SIGTERM. Its options are for trying it out; the unit needs none. */
export async function runPeer(): Promise<void> {
  const { values } = parseArgs({
    options: {
      identity: { type: 'string', default: '/var/lib/gemel-peer/identity.pem' },
      local: { type: 'string', default: '/run/gemel-peer/peer.sock' },
      core: { type: 'string', default: '/run/gemel/peer/core.sock' },
      host: { type: 'string', default: '::' },
      port: { type: 'string', default: String(peerPort) },
    },
  });
  const port = Number(values.port);
  const program = await startPeerProgram({
    identity: values.identity,
    local: values.local,
    core: values.core,
    host: values.host,
    port,
    clock: processClock,
  });
  console.log(`Listening on port ${port}. This node's key is ${program.fingerprint}.`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      program[Symbol.asyncDispose]().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
}
