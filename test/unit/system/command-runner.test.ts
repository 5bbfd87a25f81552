import { setTimeout } from 'node:timers/promises';
import { trackLeaks } from '@gemel/core/testing';
import { SystemCommandRunner } from '#core/system/command-runner.js';
import test from 'ava';

const commands = new SystemCommandRunner();

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test.serial('a program sees none of our environment', async (t) => {
  process.env['GEMEL_SECRET'] = 'x';
  const { stdout } = await commands.run(['env']);
  delete process.env['GEMEL_SECRET'];
  t.deepEqual(stdout.trim().split('\n').toSorted(), ['HOME=/', 'LC_ALL=C.UTF-8', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin']);
});

test.serial('input reaches the program, and one that does not read it is no error', async (t) => {
  t.is((await commands.run(['cat'], { input: 'привет' })).stdout, 'привет');
  const unread = await commands.run(['true'], { input: 'x'.repeat(1_000_000) });
  t.is(unread.exitCode, 0);
});

test.serial('a time limit ends the program and everything it started', async (t) => {
  const leaks = trackLeaks();
  const run = commands.run(['sh', '-c', 'sleep 60 & echo $!; wait'], { timeoutMs: 200 });
  await t.throwsAsync(run, { code: 'timeout', message: 'sh did not end within 0.2 s and was stopped.' });
  await leaks.expectNone();
});

test.serial('a program that ignores SIGTERM is killed with its descendants', async (t) => {
  let pid = 0;
  const stop = new AbortController();
  const script = 'trap "" TERM; sleep 60 & echo $$ >&2; wait; sleep 60';
  const run = commands.run(['sh', '-c', script], { signal: stop.signal });
  // Found by its command line: the output comes only with the end.
  for (let tries = 0; pid === 0 && tries < 50; tries++) {
    await setTimeout(100);
    const { stdout } = await commands.run(['pgrep', '-f', 'trap "" TERM; sleep 60']);
    pid = Number(stdout.split('\n')[0]);
  }
  stop.abort();
  await t.throwsAsync(run, { code: 'cancelled' });
  for (let tries = 0; isAlive(pid) && tries < 50; tries++) await setTimeout(100);
  t.true(pid > 0);
  t.false(isAlive(pid));
});

test.serial('too much output is an error and ends the program', async (t) => {
  const run = commands.run(['yes'], { maxOutputBytes: 10_000 });
  await t.throwsAsync(run, { code: 'engine-failed', message: 'yes printed more than 10000 bytes.' });
});

test.serial('a program that dies of a signal is an engine that failed', async (t) => {
  const run = commands.run(['sh', '-c', 'kill -SEGV $$']);
  await t.throwsAsync(run, { code: 'engine-failed', message: 'sh was killed by signal SIGSEGV.' });
});

test.serial('a missing program is named with its Debian package', async (t) => {
  const { notInstalled } = await import('#core/system/command-runner.js');
  t.is(notInstalled('chronyc'), 'chronyc is not installed. Install the Debian package chrony.');
  t.is(notInstalled('strange'), 'strange is not installed.');
});

test.serial('an argument that no program can be given is refused', async (t) => {
  await t.throwsAsync(commands.run(['echo', 'a\0b']), { code: 'invalid' });
});
