import { keptEvents, RecentEvents } from '#core/kernel/recent-events.js';
import test from 'ava';

const event = (id: string, sequence: number) => ({ id, at: 0, sequence, source: 'core', payload: {} });

test('what is observed again and again does not push out what happened', (t) => {
  const recent = new RecentEvents();
  recent.add(event('network.bond.degraded', 1));
  for (let count = 0; count < 2 * keptEvents; count++) {
    recent.add(event('status.changed', 2 + count));
    recent.add(event('job.progressed', 2 + count));
  }
  recent.add(event('network.bond.restored', 9_000));
  t.deepEqual(
    recent.list('', 10).map(({ id }) => id),
    ['network.bond.degraded', 'network.bond.restored'],
  );
});

test('keeps the latest of what happened', (t) => {
  const recent = new RecentEvents();
  for (let count = 1; count <= keptEvents + 2; count++) recent.add(event('job.ended', count));
  const kept = recent.list('job.', keptEvents + 2).map(({ sequence }) => sequence);
  t.deepEqual([kept.length, kept[0], kept.at(-1)], [keptEvents, 3, keptEvents + 2]);
});
