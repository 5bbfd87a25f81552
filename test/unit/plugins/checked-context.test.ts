import { defineAction, defineEvent, defineStatus, type PluginContext, type StatusPublisher } from '@gemel/core/sdk';
import { createTestAppliance } from '@gemel/core/testing';
import test from 'ava';
import { z } from 'zod';

const counted = defineEvent({ id: 'meter.counted', summary: 'A count.', schema: z.object({ bytes: z.number() }) });
const anything = defineEvent({ id: 'meter.seen', summary: 'Anything.', schema: z.object({ what: z.unknown() }) });
const state = defineStatus({
  id: 'meter.state',
  title: 'Meter',
  schema: z.object({ bytes: z.number() }),
  present: ({ bytes }) => ({ kind: 'text', text: String(bytes) }),
});
const shape = { role: 'viewer', audited: false, input: z.object({}), output: z.object({ bytes: z.number() }) } as const;
const present = () => ({ kind: 'text', text: '' }) as const;

/** What plain JavaScript can hand over, whatever the types say. */
const wrong = { bytes: 5n } as never;

/** An appliance with a plugin that is not built in, and its context. */
async function withMeter(isRead = false) {
  const held: { context?: PluginContext; publisher?: StatusPublisher<{ bytes: number }> } = {};
  const appliance = await createTestAppliance({
    plugins: [
      {
        origin: 'extra',
        manifest: {
          id: 'meter',
          publishes: ['meter.counted', 'meter.seen'],
          status: ['meter.state'],
          actions: ['meter.call', 'meter.job', 'meter.progress'],
        },
        activate(context) {
          held.context = context;
          held.publisher = context.status.add(state, isRead ? async () => wrong : undefined);
          context.addHealthCheck('alive', async () => ({ healthy: true, reason: 5n }) as never);
          context.addHealthCheck('lamps', async () => [{ part: 'left', healthy: true, reason: 'lit' }]);
          const { actions } = context;
          actions.add(
            defineAction({
              ...shape,
              kind: 'call',
              id: 'meter.call',
              summary: 'Call.',
              present,
              run: async () => wrong,
            }),
          );
          actions.addLater(async () => [
            defineAction({ ...shape, kind: 'job', id: 'meter.job', summary: 'Job.', present, run: async () => wrong }),
            defineAction({
              ...shape,
              kind: 'job',
              id: 'meter.progress',
              summary: 'Progress.',
              present,
              run: async (_input, { progress, log }) => {
                progress(undefined, 'begun');
                log('a line');
                progress(0.5, 6n as never);
                return { bytes: 1 };
              },
            }),
          ]);
        },
      },
    ],
  });
  const { context, publisher } = held;
  if (context === undefined || publisher === undefined) throw new Error('the plugin is not active');
  return { appliance, context, publisher };
}

test('an event of an extra plugin that does not fit is refused to the plugin, by name, and reaches nobody', async (t) => {
  const { appliance, context } = await withMeter();
  await using _ended = appliance;
  const refused = t.throws(() => context.events.publish(counted, wrong), { name: 'ApplianceError' });
  t.is(
    refused?.message,
    'Plugin meter: the payload of meter.counted is not what its schema says: bytes must be a number.',
  );
  t.throws(() => context.events.publish(anything, { what: 5n }), { message: /^Plugin meter: .* it cannot be sent/ });
  context.events.publish(counted, { bytes: 5, other: 5n } as never);
  const { output } = await appliance.invoke('events.list', { prefix: 'meter.' });
  const { events } = output as { readonly events: readonly { readonly payload: unknown }[] };
  t.deepEqual(
    events.map(({ payload }) => payload),
    [{ bytes: 5 }],
  );
});

test('a status that does not fit is refused, set or read, and what was there stays', async (t) => {
  const { appliance, publisher } = await withMeter();
  await using _ended = appliance;
  publisher.set({ bytes: 1 });
  t.throws(() => publisher.set(wrong), { message: /status meter\.state .* bytes must be a number/ });
  t.like(await appliance.invoke('status.show', { id: 'meter.state' }), { output: { value: { bytes: 1 } } });
  const { appliance: other } = await withMeter(true);
  await using _otherEnded = other;
  await other.invoke('status.show', { id: 'meter.state' }).catch(() => undefined); // there is no value yet
  t.true(
    other.log.some(({ message, fields }) => /could not be read/.test(message) && fields['status'] === 'meter.state'),
  );
});

test('an output that does not fit fails the action that gave it, and no list of jobs', async (t) => {
  const { appliance } = await withMeter();
  await using _ended = appliance;
  await t.throwsAsync(appliance.invoke('meter.call'), { message: /output of meter\.call .* bytes must be a number/ });
  for (const id of ['meter.job', 'meter.progress']) {
    const { job } = await appliance.invoke(id);
    await appliance.letTimePass(new Promise((resolve) => void appliance.clock.after(1_000, () => resolve(undefined))));
    t.like(appliance.core.jobs.get(job?.id ?? ''), { state: 'failed' });
  }
  const { output } = await appliance.invoke('jobs.list');
  t.notThrows(() => JSON.stringify(output));
});

test('a health check of several things gives a report of each', async (t) => {
  const { appliance } = await withMeter();
  const items = await appliance.core.health.examine();
  t.deepEqual(
    items.filter(({ name }) => name.startsWith('meter.lamps')),
    [{ name: 'meter.lamps.left', healthy: true, reason: 'lit' }],
  );
  await appliance[Symbol.asyncDispose]();
});

test('a health check that gives no reason in words counts as unhealthy', async (t) => {
  const { appliance } = await withMeter();
  await using _ended = appliance;
  const items = await appliance.core.health.examine();
  t.like(
    items.find(({ name }) => name === 'meter.alive'),
    {
      healthy: false,
      reason: 'Plugin meter: the health check alive is not what its schema says: reason must be text.',
    },
  );
});
