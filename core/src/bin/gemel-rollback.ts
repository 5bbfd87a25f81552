import { runGuard } from '../kernel/compose-guard.js';

process.exit(await runGuard(process.argv[2]));
