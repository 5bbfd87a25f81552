import { FakeClock } from '@gemel/core/testing';
import test from 'ava';
import { Admission, admissionLimits } from '#peer/process/admission.js';
import { plainAddress, sourceOf, Throttle } from '#peer/process/throttle.js';

test('a source may come so often at once, then one each while', async (t) => {
  const clock = new FakeClock();
  const throttle = new Throttle(clock, { burst: 3, everyMs: 1_000 });
  t.deepEqual(
    [1, 2, 3, 4].map(() => throttle.take('192.0.2.1')),
    [0, 0, 0, 1_000],
  );
  t.is(throttle.take('192.0.2.2'), 0);
  await clock.advance(400);
  t.is(throttle.take('192.0.2.1'), 600);
  await clock.advance(600);
  t.is(throttle.take('192.0.2.1'), 0);
});

test('a host counts once, whatever address of its network it takes', (t) => {
  t.deepEqual(
    [
      '192.0.2.1',
      '::ffff:192.0.2.1',
      '2001:db8:0:1::5',
      '2001:0db8:0000:0001:aaaa::1',
      '2001:db8::1',
      'fe80::1%eth0',
    ].map(sourceOf),
    ['192.0.2.1', '192.0.2.1', '2001:db8:0:1::/64', '2001:db8:0:1::/64', '2001:db8:0:0::/64', 'fe80:0:0:0::/64'],
  );
  t.is(plainAddress('::ffff:192.0.2.1'), '192.0.2.1');
});

test('strangers never take the places of the paired node', (t) => {
  const admission = new Admission(new FakeClock());
  const first = admission.admit('192.0.2.2');
  first?.trust();
  first?.[Symbol.dispose]();
  let strangers = 0;
  for (let host = 0; host < 100; host++) if (admission.admit(`198.51.100.${host}`) !== undefined) strangers += 1;
  t.is(strangers, admissionLimits.connections - admissionLimits.reserved);
  t.not(admission.admit('192.0.2.2'), undefined);
});

test('one source gets few connections, and has them back when they end', (t) => {
  const admission = new Admission(new FakeClock());
  const places = Array.from({ length: admissionLimits.perSource + 1 }, () => admission.admit('192.0.2.9'));
  t.is(places.at(-1), undefined);
  places[0]?.[Symbol.dispose]();
  places[0]?.[Symbol.dispose]();
  t.not(admission.admit('192.0.2.9'), undefined);
  t.is(admission.admit('192.0.2.9'), undefined);
});

test('a source that opens too often is turned away, except the paired node’s', async (t) => {
  const clock = new FakeClock();
  const admission = new Admission(clock);
  const open = (address: string) => {
    const admitted = admission.admit(address);
    admitted?.[Symbol.dispose]();
    return admitted !== undefined;
  };
  const { burst } = admissionLimits.opening;
  t.is(Array.from({ length: burst + 5 }, () => open('192.0.2.9')).filter(Boolean).length, burst);
  await clock.advance(admissionLimits.opening.everyMs);
  t.deepEqual([open('192.0.2.9'), open('192.0.2.9')], [true, false]);
  admission.trustSource('192.0.2.9');
  t.true(Array.from({ length: burst + 5 }, () => open('192.0.2.9')).every(Boolean));
});
