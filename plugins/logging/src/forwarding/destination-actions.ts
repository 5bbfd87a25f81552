import { type AnyAction, ApplianceError, defineAction, defineDraftAction, type SettingsAccess } from '@gemel/core/sdk';
import { z } from 'zod';
import { forwardingSettings } from '../contract.js';
import { destinationName, destinationSchema } from '../settings/forwarding-schema.js';
import { type DestinationTest, testResultSchema } from './destination-test.js';
import type { ForwardingReader } from './forwarding-reader.js';
import { logForwarding, presentForwarding } from './forwarding-status.js';

export interface DestinationParts {
  readonly settings: SettingsAccess;
  readonly reader: ForwardingReader;
  readonly test: DestinationTest;
}

/** `gemel log forwarding` and `gemel log destination …`. */
export function destinationActions({ settings, reader, test }: DestinationParts): readonly AnyAction[] {
  return [
    defineAction({
      kind: 'call',
      id: 'log.forwarding',
      summary: 'Show each log destination: whether entries get through, how many wait, were sent and dropped.',
      role: 'viewer',
      audited: false,
      input: z.strictObject({}),
      output: logForwarding.schema,
      present: presentForwarding,
      run: (_input, { signal }) => reader.read(signal),
    }),
    defineDraftAction(settings, {
      id: 'log.destination.add',
      summary: 'Add a log destination to the draft, or replace one.',
      input: destinationSchema.unwrap().extend({ destination: destinationName.describe('A name of your own.') }),
      positionals: ['destination'],
      section: forwardingSettings,
      change: (draft, { destination, ...entered }) => ({
        settings: { ...draft, destinations: { ...draft.destinations, [destination]: entered } },
        changed: `log destination ${destination}`,
      }),
    }),
    defineDraftAction(settings, {
      id: 'log.destination.remove',
      summary: 'Remove a log destination from the draft.',
      input: z.strictObject({ destination: destinationName.describe('As it was named.') }),
      positionals: ['destination'],
      section: forwardingSettings,
      change(draft, { destination }) {
        const { [destination]: removed, ...destinations } = draft.destinations;
        if (removed === undefined) throw unknown(destination, Object.keys(draft.destinations), 'the draft');
        return { settings: { ...draft, destinations }, changed: `log destination ${destination} removed` };
      },
    }),
    defineAction({
      kind: 'call',
      id: 'log.destination.test',
      summary: 'Write a test message to the log and say whether it got through to a destination.',
      role: 'operator',
      timeoutMs: 60_000,
      input: z.strictObject({ destination: destinationName.describe('As it was named.') }),
      output: testResultSchema,
      positionals: ['destination'],
      present: ({ result, text }) => ({
        kind: 'text',
        text,
        tone: result === 'confirmed' ? 'ok' : result === 'sent' ? 'plain' : 'bad',
      }),
      async run({ destination }, { caller, signal }) {
        const { destinations } = settings.running(forwardingSettings);
        const entered = destinations[destination];
        if (entered === undefined) throw unknown(destination, Object.keys(destinations), 'the settings in force');
        if (!entered.enabled) {
          throw new ApplianceError(
            'conflict',
            `Log destination ${destination} is off. Switch it on and activate first.`,
          );
        }
        return await test.run(destination, entered, caller.name, signal);
      },
    }),
  ];
}

function unknown(destination: string, known: readonly string[], where: string): ApplianceError {
  const entered = known.join(', ') || 'none';
  return new ApplianceError('not-found', `Log destination ${destination} is not in ${where}. Entered are: ${entered}.`);
}
