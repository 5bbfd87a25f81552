import test from 'ava';
import { pauseAfterLook } from '#cluster/pacemaker/pace.js';

test('After a quick look the pause is the least one.', (t) => {
  t.is(pauseAfterLook(250, 20), 250);
});

test('After a slow look the pause is four times as long as it took.', (t) => {
  t.is(pauseAfterLook(250, 500), 2_000);
});

test('After a look that hung the pause is five seconds.', (t) => {
  t.is(pauseAfterLook(250, 30_000), 5_000);
});
