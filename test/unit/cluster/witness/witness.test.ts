import { ApplianceError } from '@gemel/core/sdk';
import { changeConfiguration } from '#cluster/formation/configuration-change.js';
import { enterWitness } from '#cluster/witness/enter-witness.js';
import { parseWitnessVotes, readWitnessVotes } from '#cluster/witness/witness-votes.js';
import { ScriptedSystem } from '@gemel/core/testing';
import test from 'ava';
import { type Box, Boxes, configuration, pair } from '../formation/two-boxes.js';
import { quorum } from './quorum.js';

test('reads which members have the vote of the witness', (t) => {
  const votes = (first: string, second: string) => [...(parseWitnessVotes(quorum(first, second, 3)) ?? [])];
  t.deepEqual(votes('A,V,NMW', 'A,V,NMW'), [
    [1, true],
    [2, true],
  ]);
  t.deepEqual(votes('A,V,NMW', 'NA,NV,NM'), [
    [1, true],
    [2, false],
  ]);
  t.deepEqual(votes('A,NV,NMW', 'NR'), [
    [1, false],
    [2, false],
  ]);
  const withoutAny = 'Membership information\n----\n    Nodeid      Votes Name\n         1          1 node1 (local)\n';
  t.deepEqual([...(parseWitnessVotes(withoutAny) ?? [])], [[1, false]]);
  t.is(parseWitnessVotes('Cannot initialize CMAP service\n'), undefined);
});

test('a lost quorum, for which the program fails, is read all the same', async (t) => {
  const { commands } = new ScriptedSystem();
  commands.always(['corosync-quorumtool', '-s'], { exitCode: 2, stdout: quorum('NA,NV,NM', 'NR', 2) });
  t.is((await readWitnessVotes(commands))?.get(1), false);
  commands.once(['corosync-quorumtool', '-s'], new ApplianceError('timeout', 'It did not end within 5 s.'));
  t.is(await readWitnessVotes(commands), undefined);
});

const qdevice = 'corosync-qdevice.service';
const witness = { host: '10.77.0.5', algorithm: 'ffsplit' } as const;
const unlimited = new AbortController().signal;

async function isAsked(box: Box): Promise<boolean> {
  return (await box.system.units.status(qdevice)).activeState === 'active';
}

/** The witnesses at these addresses vote for whoever asks them. */
async function pairWith(...alive: readonly string[]): Promise<Boxes> {
  const boxes = await pair();
  for (const box of [boxes.one, boxes.two]) {
    box.system.units.add(qdevice);
    // It goes on with whom it began with.
    let read: Promise<string | undefined> | undefined;
    box.system.units.onStart(qdevice, () => {
      read = box.system.files.read(configuration);
    });
    box.system.commands.always(['corosync-quorumtool', '-s'], async () => {
      const host = /host: (\S+)/.exec((await read) ?? '')?.[1];
      const votes = host !== undefined && alive.includes(host) && (await isAsked(box));
      return quorum(votes ? 'A,V,NMW' : 'NR', votes ? 'A,V,NMW' : 'NR', votes ? 3 : 2);
    });
  }
  return boxes;
}

test('a witness is used on both nodes once it votes', async (t) => {
  const boxes = await pairWith('10.77.0.5');
  await boxes.pass(enterWitness(boxes.one.parts, witness, unlimited));
  for (const box of [boxes.one, boxes.two]) {
    t.true(await isAsked(box), box.hostName);
    t.deepEqual(box.parts.membership.current.options?.witness, witness);
  }
});

test('a witness that does not vote is taken back on both nodes', async (t) => {
  const boxes = await pairWith();
  const before = await boxes.states();
  const failure = await t.throwsAsync(boxes.pass(enterWitness(boxes.one.parts, witness, unlimited)), {
    instanceOf: ApplianceError,
  });
  t.is(failure.code, 'unavailable');
  t.regex(failure.message, /^10\.77\.0\.5 did not give its vote to node1 and node2 within 30 s/);
  t.deepEqual(await boxes.states(), before);
  for (const box of [boxes.one, boxes.two]) {
    t.false(await isAsked(box), box.hostName);
    t.is(box.parts.membership.current.options?.witness, null);
  }
});

test('another witness is asked in the place of the former one, which comes back when it does not vote', async (t) => {
  const boxes = await pairWith('10.77.0.5', '10.77.0.6');
  const use = (host: string) => boxes.pass(enterWitness(boxes.one.parts, { ...witness, host }, unlimited));
  await use('10.77.0.5');
  await use('10.77.0.6');
  await t.throwsAsync(use('10.77.0.7'), { message: /^10\.77\.0\.7 did not give its vote/ });
  for (const box of [boxes.one, boxes.two]) {
    t.regex((await box.system.files.read(configuration)) ?? '', /host: 10\.77\.0\.6/);
    t.true(await isAsked(box), box.hostName);
  }
});

/** Until the witness is asked on this node; then this happens. */
function onceAsked({ one }: Boxes, then: () => unknown): void {
  one.system.commands.once(['corosync-quorumtool', '-s'], async () => {
    await then();
    return quorum('NR', 'NR', 2);
  });
}

test('what somebody else changed while the vote was waited for stays', async (t) => {
  const boxes = await pairWith();
  const { one } = boxes;
  onceAsked(boxes, async () => {
    await changeConfiguration(one.parts, (current) => {
      const options = current.options && { ...current.options, tokenMs: 1_500 };
      return { ...current, options };
    });
  });
  await t.throwsAsync(boxes.pass(enterWitness(one.parts, witness, unlimited)), { message: /in use, as before\.$/ });
  const { options } = one.parts.membership.current;
  t.deepEqual([options?.witness, options?.tokenMs], [null, 1_500]);
  t.regex((await one.system.files.read(configuration)) ?? '', /token: 1500/);
});

test('a witness that cannot be taken back, since the other node is away, is said to be in use', async (t) => {
  const boxes = await pairWith();
  const { one, two } = boxes;
  onceAsked(boxes, () => {
    two.reachable = false;
  });
  const failure = await t.throwsAsync(boxes.pass(enterWitness(one.parts, witness, unlimited)));
  t.regex(failure?.message ?? '', /node2 does not answer.*10\.77\.0\.5 is in use now.*witness remove$/);
  t.is(one.parts.membership.current.options?.witness?.host, '10.77.0.5');
});

test('no witness is said to be in use when the other node is lost between the former and the next', async (t) => {
  const boxes = await pairWith('10.77.0.5', '10.77.0.6');
  const { one, two } = boxes;
  await boxes.pass(enterWitness(one.parts, witness, unlimited));
  const follow = two.handlers.get('cluster.configuration.follow');
  two.handlers.set('cluster.configuration.follow', async (...asked) => {
    const answer = await follow?.(...asked);
    two.reachable = false;
    return answer;
  });
  const failure = await t.throwsAsync(
    boxes.pass(enterWitness(one.parts, { ...witness, host: '10.77.0.6' }, unlimited)),
  );
  t.regex(failure?.message ?? '', /^node2 does not answer.*No witness is in use now.*witness set$/);
  t.is(one.parts.membership.current.options?.witness, null);
});

test('both nodes ask the witness after core was killed before the other one had followed', async (t) => {
  const boxes = await pairWith('10.77.0.5');
  const { one, two } = boxes;
  two.handlers.set('cluster.configuration.follow', async () => {
    one.system.faults.crash();
    throw new ApplianceError('unavailable', 'the connection ended');
  });
  enterWitness(one.parts, witness, unlimited).catch(() => {});
  await boxes.clock.advance(10_000);
  t.deepEqual([await isAsked(two), one.system.faults.crashed], [false, true]);
  await two.crashAndRestart();
  await one.crashAndRestart();
  await boxes.pass(one.recover());
  t.deepEqual([await isAsked(one), await isAsked(two)], [true, true]);
});

test('a start of core asks the witness, and no Corosync that somebody has stopped', async (t) => {
  const boxes = await pairWith('10.77.0.5');
  const { one } = boxes;
  await boxes.pass(enterWitness(one.parts, witness, unlimited));
  await one.system.units.stop(qdevice);
  await one.crashAndRestart();
  await boxes.pass(one.recover());
  t.true(await isAsked(one));
  await one.system.units.stop(qdevice);
  await one.parts.engines.stop();
  await boxes.pass(one.recover());
  t.false(await isAsked(one));
});

for (const subject of ['one', 'two'] as const) {
  test(`nodes that are connected both ask their witness, at whichever step node ${subject} is killed`, async (t) => {
    const begin = async () => {
      const boxes = new Boxes();
      for (const box of [boxes.one, boxes.two]) box.system.units.add(qdevice);
      await boxes.create();
      const { membership } = boxes.one.parts;
      const { options } = membership.current;
      await membership.set({ ...membership.current, options: options === null ? null : { ...options, witness } });
      for (const box of [boxes.one, boxes.two]) box.system.faults.clear();
      return boxes;
    };
    const whole = await begin();
    await whole.pass(whole.connect());
    t.deepEqual([await isAsked(whole.one), await isAsked(whole.two)], [true, true]);
    let connected = 0;
    for (const [index, step] of whole[subject].system.faults.journal.entries()) {
      const boxes = await begin();
      const box = boxes[subject];
      box.system.faults.crashAt(index + 1);
      const connecting = boxes.connect().catch(() => {});
      await boxes.clock.advance(30_000);
      await box.crashAndRestart();
      await boxes.pass(box.recover());
      await boxes.clock.advance(400_000);
      if (subject === 'two') await boxes.pass(connecting);
      if (boxes.one.phase !== 'connected') continue;
      connected += 1;
      t.deepEqual([await isAsked(boxes.one), await isAsked(boxes.two)], [true, true], `killed before: ${step}`);
    }
    t.true(connected > 0);
  });
}
