import { createNotifier } from '#core/system/notify.js';
import test from 'ava';

test('without systemd nothing is sent and nothing fails', async (t) => {
  const notifier = createNotifier({});
  await t.notThrowsAsync(
    Promise.all([notifier.ready(), notifier.watchdog(), notifier.stopping(), notifier.status('x')]),
  );
  t.is(notifier.watchdogEveryMs, undefined);
});

test('the watchdog is due three times per limit, and only for this process', (t) => {
  t.is(createNotifier({ WATCHDOG_USEC: '30000000' }).watchdogEveryMs, 10_000);
  t.is(createNotifier({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: String(process.pid) }).watchdogEveryMs, 10_000);
  t.is(createNotifier({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' }).watchdogEveryMs, undefined);
});
