import { trySettings } from '../kernel/compose-settings-trial.js';

process.stdout.write(`${JSON.stringify({ reports: await trySettings(process.argv[2] ?? '') })}\n`);
process.exit(0);
