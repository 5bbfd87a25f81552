import { answerTimes, longestOutage } from '#cluster/drill/outage.js';
import test from 'ava';
import fc from 'fast-check';

test('reads when the address answered, and only that', (t) => {
  const text = `PING 10.77.0.100 (10.77.0.100) 56(84) bytes of data.
[1795307461.123456] 64 bytes from 10.77.0.100: icmp_seq=1 ttl=64 time=0.031 ms
[1795307461.174000] From 10.77.0.11 icmp_seq=2 Destination Host Unreachable
[1795307461.274000] 64 bytes from 10.77.0.100: icmp_seq=4 ttl=64 time=0.030 ms
`;
  t.deepEqual(answerTimes(text), [1_795_307_461_123.456, 1_795_307_461_274]);
});

test('the outage is the longest time without an answer, less the time between two questions', (t) => {
  t.deepEqual(longestOutage([0, 50, 100, 1_400, 1_450], 50), { outageMs: 1_250, answers: 5 });
});

test('a little lateness is no outage', (t) => {
  t.deepEqual(longestOutage([0, 50, 180, 230], 50), { outageMs: 0, answers: 4 });
  t.deepEqual(longestOutage([], 50), { outageMs: 0, answers: 0 });
});

test('overlapping rounds change nothing', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 2 }), (times) => {
      const once = longestOutage(times, 50).outageMs;
      return longestOutage([...times, ...times.toReversed()], 50).outageMs === once;
    }),
  );
  t.pass();
});
