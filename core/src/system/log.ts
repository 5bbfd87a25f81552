import pino from 'pino';
import type { Logger } from '../sdk/log.js';
import { redact } from './redact.js';

/** syslog(3) priorities: what `journalctl -p` filters by. */
const priorities: Readonly<Record<number, number>> = { 20: 7, 30: 6, 40: 4, 50: 3, 60: 2 };

/**
 * One JSON line per entry on stdout. Under journald each line starts with its `<priority>`, which journald takes off and keeps
 * as a field (sd-daemon(3)), so that `journalctl -u gemel-core -p warning` works; time and process are journald's own fields.
 */
export function createLog(environment: NodeJS.ProcessEnv = process.env): Logger & { child(fields: object): Logger } {
  const journald = environment['JOURNAL_STREAM'] !== undefined;
  const options: pino.LoggerOptions = {
    level: environment['GEMEL_LOG_LEVEL'] ?? 'info',
    base: null,
    timestamp: journald ? false : pino.stdTimeFunctions.isoTime,
    // redact spells errors out, with their causes.
    serializers: { err: (value: unknown) => value },
    formatters: {
      level: (label) => ({ level: label }),
      log: (fields) => redact(fields),
    },
  };
  // not `fd`: beside that pino has Node open process.stdout, a stream that nobody writes to
  const stdout = pino.destination({ dest: 1, sync: true });
  if (!journald) return pino(options, stdout);
  // pino tells a stream with this symbol the level of the line that follows.
  const prefixed = {
    [Symbol.for('pino.metadata')]: true as const,
    lastLevel: 30,
    write(line: string) {
      stdout.write(`<${priorities[prefixed.lastLevel] ?? 6}>${line}`);
    },
  };
  return pino(options, prefixed);
}
