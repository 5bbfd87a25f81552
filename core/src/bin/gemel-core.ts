import { runCore } from '../kernel/compose-host.js';

await runCore();
