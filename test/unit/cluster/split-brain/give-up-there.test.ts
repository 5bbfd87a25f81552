import { ApplianceError } from '@gemel/core/sdk';
import { giveUpThere } from '#cluster/split-brain/give-up-there.js';
import { GivingUp, type GiveUpWork } from '#cluster/split-brain/giving-up.js';
import { giveUpBegin, giveUpCancel, giveUpLook } from '#cluster/split-brain/split-brain-requests.js';
import test from 'ava';
import { type Boxes, pair } from '../formation/two-boxes.js';

/** Node 2 gives up as `work` says, asked by node 1. */
async function world(work: GiveUpWork) {
  const boxes = await pair();
  let givingUp = new GivingUp();
  const { two } = boxes;
  two.handle(giveUpBegin, async () => {
    givingUp.begin(work);
    return {};
  });
  two.handle(giveUpLook, async () => {
    const { step, copy } = givingUp.look();
    return { step, copy: copy ?? null };
  });
  two.handle(giveUpCancel, async () => {
    givingUp.cancel();
    return {};
  });
  const asking = new AbortController();
  const said: string[] = [];
  const run = () =>
    giveUpThere({ peer: boxes.one, clock: boxes.one.clock }, asking.signal, (step) => void said.push(step));
  const restart = () => {
    givingUp.cancel();
    givingUp = new GivingUp();
  };
  return { boxes, asking, said, run, restart };
}

/** A copy that takes hours. */
const copyFor = (boxes: () => Boxes, ms: number): GiveUpWork => {
  return async (signal, say) => {
    say('What this node wrote is copied');
    await boxes().two.clock.sleep(ms, signal);
    return '20261122T012400Z';
  };
};

test('a copy that takes longer than any request may is waited for', async (t) => {
  const made = await world(copyFor(() => made.boxes, 900_000));
  t.is(await made.boxes.pass(made.run()), '20261122T012400Z');
  t.is(new Set(made.said).size, 1);
});

test('what failed there is told here', async (t) => {
  const { boxes, run } = await world(() => Promise.reject(new ApplianceError('engine-failed', 'Make room first.')));
  await t.throwsAsync(boxes.pass(run()), { code: 'engine-failed', message: 'Make room first.' });
});

test('a node that is silent for a while is asked again', async (t) => {
  const made = await world(copyFor(() => made.boxes, 60_000));
  const waiting = made.run();
  await made.boxes.clock.advance(10_000);
  made.boxes.two.reachable = false;
  await made.boxes.clock.advance(100_000);
  made.boxes.two.reachable = true;
  t.is(await made.boxes.pass(waiting), '20261122T012400Z');
});

test('a node that stays silent is not waited for without end', async (t) => {
  const made = await world(copyFor(() => made.boxes, 600_000));
  const waiting = t.throwsAsync(made.run(), { code: 'unavailable' });
  await made.boxes.clock.advance(10_000);
  made.boxes.two.reachable = false;
  await made.boxes.clock.advance(190_000);
  await waiting;
});

test('who stops waiting ends the copy there', async (t) => {
  let isEnded = false;
  const made = await world(async (signal) => {
    await made.boxes.two.clock.sleep(600_000, signal).finally(() => {
      isEnded = true;
    });
    return '';
  });
  const waiting = t.throwsAsync(made.run());
  await made.boxes.clock.advance(10_000);
  made.asking.abort();
  await waiting;
  await made.boxes.clock.advance(1_000);
  t.true(isEnded);
});

test('a core that was restarted there says that it takes all back', async (t) => {
  const made = await world(copyFor(() => made.boxes, 600_000));
  const waiting = t.throwsAsync(made.run(), { code: 'cancelled', message: /takes back what it had begun/ });
  await made.boxes.clock.advance(10_000);
  made.restart();
  await made.boxes.clock.advance(10_000);
  await waiting;
});

test('one giving up at a time', async (t) => {
  using givingUp = new GivingUp();
  const { promise, resolve } = Promise.withResolvers<string>();
  givingUp.begin(() => promise);
  t.throws(() => givingUp.begin(() => promise), { code: 'conflict' });
  resolve('20261122T012400Z');
  await promise;
  await Promise.resolve();
  t.is(givingUp.look().copy, '20261122T012400Z');
  t.notThrows(() => givingUp.begin(() => promise));
});

test('no request of a split brain asks for more than the way between the nodes grants', async (t) => {
  const { linkLimits } = await import('#peer/wire/link.js');
  const requests = await import('#cluster/split-brain/split-brain-requests.js');
  for (const { id, timeoutMs = 0 } of Object.values(requests)) t.true(timeoutMs <= linkLimits.longestMs, id);
});
