import { runPeer } from '../process/run-peer.js';

await runPeer();
