import { DefectWatch } from '#core/kernel/defect-watch.js';
import { FakeClock } from '@gemel/core/testing';
import test from 'ava';
import { collectingLog } from './collecting-log.js';

test('a defect makes core unhealthy for an hour and is logged', async (t) => {
  const clock = new FakeClock();
  const { log, lines } = collectingLog();
  const defects = new DefectWatch(clock, log);
  t.deepEqual(defects.health(), { healthy: true, reason: '' });
  const failure = new Error('the timer slipped');
  defects.note(failure);
  defects.note('twice');
  t.deepEqual(defects.health(), {
    healthy: false,
    reason: 'a defect showed 2 times since the start, last: twice. See: journalctl -u gemel-core -p err',
  });
  t.deepEqual(
    lines.map(({ level, fields }) => [level, fields['err']]),
    [
      ['error', failure],
      ['error', 'twice'],
    ],
  );
  await clock.advance(3_600_001);
  t.true(defects.health().healthy);
});
