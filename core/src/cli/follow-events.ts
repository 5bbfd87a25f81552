import type { CoreClient } from '../ipc/core-client.js';
import type { ApplianceError } from '../sdk/errors.js';
import type { PublishedEvent } from '../sdk/events.js';
import { didYouMean } from './did-you-mean.js';
import { paint, type Style } from './style.js';
import type { Terminal } from './terminal.js';
import { printable } from './text-width.js';
import { UsageError } from './usage-error.js';

export const eventsHelp = `Follow events as they happen, until Ctrl-C.

Usage: gemel events [OPTIONS]

--prefix TEXT  Only events whose id starts with it, such as network.bond.
--json         One JSON object per line.

gemel events list shows which there are.
`;

/** `network.`, from `gemel events --prefix network.`. @throws UsageError. */
export function eventsPrefix(args: readonly string[]): string {
  const [first, second, ...others] = args;
  if (first === undefined) return '';
  if (first.startsWith('--prefix=') && second === undefined) return first.slice('--prefix='.length);
  if (first === '--prefix' && second !== undefined && others.length === 0) return second;
  const wrong = first === '--prefix' ? (others[0] ?? '--prefix without a value') : first;
  throw new UsageError(`gemel events does not know ${wrong}.${didYouMean(wrong, ['--prefix', '--json'])}`);
}

/** Prints events until the connection ends (then throws why) or Ctrl-C. */
export async function followEvents(
  client: CoreClient,
  prefix: string,
  json: boolean,
  terminal: Terminal,
  style: Style,
): Promise<void> {
  const { promise: over, resolve, reject } = Promise.withResolvers<void>();
  using _stop = terminal.onInterrupt(resolve);
  const ended = (failure: ApplianceError | undefined) => (failure === undefined ? resolve() : reject(failure));
  const show = (event: PublishedEvent) => {
    terminal.out(json ? `${JSON.stringify(event)}\n` : drawEvent(event, style));
  };
  using _subscription = await client.subscribe(prefix, show, ended);
  await over;
}

function drawEvent({ at, id, payload }: PublishedEvent, style: Style): string {
  const time = new Date(at).toTimeString().slice(0, 8);
  if (id === 'events.lost') return paint(`${time}  some events were lost: ${brief(payload)}\n`, 'warn', style);
  return `${paint(time, 'muted', style)}  ${printable(id)}  ${printable(brief(payload))}\n`;
}

/** `bond=bond0 members=["eth0"]` */
function brief(payload: unknown): string {
  if (typeof payload !== 'object' || payload === null) return JSON.stringify(payload) ?? '';
  return Object.entries(payload)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
