import { config } from 'zod';

/**
 * Schemas are interpreted. Otherwise zod writes and compiles a function for every object schema at its first use: 20 ms of a
 * boot that uses each of them once, and memory for good. Imported before all else:
 * schemas ask when they are made.
 */
config({ jitless: true });
