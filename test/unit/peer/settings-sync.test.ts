import { ApplianceError } from '@gemel/core/sdk';
import test from 'ava';
import { jane, reports } from '../settings/world.js';
import { cut, end, settle, type SyncNode, twoNodes } from './sync-world.js';

async function withTwo(run: (a: SyncNode, b: SyncNode) => Promise<void>): Promise<void> {
  const [a, b] = await twoNodes();
  try {
    await run(a, b);
  } finally {
    await end(a, b);
  }
}

const codesOf = (thrown: unknown) => (thrown instanceof ApplianceError ? thrown.reports.map(({ code }) => code) : []);

test('an activation is in force on both nodes when it is confirmed, and in the engines of both', async (t) => {
  await withTwo(async (a, b) => {
    t.is((await a.change('lan', { mtu: 9000 })).state, 'confirmed');
    t.deepEqual([a.settings().mtu, b.settings().mtu], [9000, 9000]);
    t.is(b.kernel.network['/run/systemd/network/10-lan.network'], 'MTU=9000\n');
    const { meta } = b.engine.state.confirmed;
    t.deepEqual([meta.origin, meta.author], ['other-node', 'local:jane on a']);
    await settle(a, b);
    t.deepEqual([a.sync.status.state, b.sync.status.state], ['same', 'same']);
    t.false(
      [...a.events, ...b.events].some((id) => id.startsWith('peer.settings.')),
      'nobody takes it over twice',
    );
  });
});

test('what the other node cannot take is refused before anything is changed', async (t) => {
  await withTwo(async (a, b) => {
    b.trouble.verify = [reports.report('lan.not-reachable', {}, 'mtu')];
    const refused = await t.throwsAsync(a.change('lan', { mtu: 9000 }));
    t.deepEqual(codesOf(refused), ['peer.settings.refused-there']);
    t.deepEqual([a.settings().mtu, b.settings().mtu], [1500, 1500]);
    t.is(a.engine.state.activation, undefined);
    delete b.trouble.verify;
    t.is((await b.change('ntp', { zone: 'Europe/Berlin' })).state, 'confirmed', 'it does not stay held');
  });
});

test('when it fails here the other node is not asked to take it', async (t) => {
  await withTwo(async (a, b) => {
    a.trouble.probe = [reports.report('lan.not-reachable', {})];
    await t.throwsAsync(a.change('lan', { mtu: 9000 }), { code: 'engine-failed' });
    t.deepEqual([a.settings().mtu, b.settings().mtu], [1500, 1500]);
    t.false(a.peer.asked.includes('peer.settings.commit'));
    t.is(b.engine.state.confirmed.meta.number, 1);
  });
});

test('when it fails there both go back', async (t) => {
  await withTwo(async (a, b) => {
    b.trouble.probe = [reports.report('lan.not-reachable', {})];
    const failed = await t.throwsAsync(a.change('lan', { mtu: 9000 }), { code: 'engine-failed' });
    t.deepEqual(codesOf(failed), ['settings.partner.failed']);
    t.deepEqual([a.settings().mtu, b.settings().mtu], [1500, 1500]);
    t.is(a.kernel.network['/run/systemd/network/10-lan.network'], 'MTU=1500\n');
    t.is(b.kernel.network['/run/systemd/network/10-lan.network'], 'MTU=1500\n');
  });
});

test('when it cannot be confirmed here the other node goes back', async (t) => {
  await withTwo(async (a, b) => {
    const { revisions } = a.engine.state;
    const confirm = revisions.confirm.bind(revisions);
    revisions.confirm = async (number) => {
      if (number === 1) return confirm(number);
      throw new ApplianceError('storage', 'The medium failed.');
    };
    await t.throwsAsync(a.change('lan', { mtu: 9000 }), { code: 'engine-failed' });
    while (b.settings().mtu !== 1500) await b.system.clock.advance(1);
    await settle(a, b);
    t.deepEqual([a.settings().mtu, b.settings().mtu], [1500, 1500]);
    t.deepEqual([a.sync.status.state, b.sync.status.state], ['same', 'same']);
  });
});

test('with a window the other node takes it when it is confirmed, and never when it is not', async (t) => {
  await withTwo(async (a, b) => {
    await a.set('lan', { mtu: 9000 });
    t.is((await a.activate(60)).state, 'awaiting-confirmation');
    t.is(b.settings().mtu, 1500);
    await a.engine.confirm({ name: 'local:jane', role: 'operator', surface: 'cli', connectedAt: 0 });
    t.is(b.settings().mtu, 9000);
    await a.set('lan', { mtu: 2000 });
    await a.activate(60);
    await a.system.clock.advance(61_000);
    while (a.engine.state.activation?.state === 'awaiting-confirmation') await a.system.clock.advance(10);
    t.deepEqual([a.settings().mtu, b.settings().mtu], [9000, 9000]);
  });
});

test('while the other node is away it goes on, and the other node learns of it later', async (t) => {
  await withTwo(async (a, b) => {
    cut(a, b);
    const { state, reports: said } = await a.change('lan', { mtu: 9000 });
    t.deepEqual([state, said.map(({ code }) => code)], ['confirmed', ['peer.settings.later']]);
    t.is(b.settings().mtu, 1500);
    cut(a, b, false);
    await settle(a, b);
    t.is(b.settings().mtu, 9000);
    t.true(b.events.includes('peer.settings.adopted'));
    t.deepEqual([a.sync.status.state, b.sync.status.state], ['same', 'same']);
  });
});

test('different sections that were changed on either side while apart are taken over both ways', async (t) => {
  await withTwo(async (a, b) => {
    cut(a, b);
    await a.change('lan', { mtu: 9000 });
    await b.change('ntp', { zone: 'Europe/Berlin' });
    cut(a, b, false);
    await settle(a, b);
    const merged = { mtu: 9000, zone: 'Europe/Berlin' };
    t.deepEqual([a.settings(), b.settings()], [merged, merged]);
  });
});

test('a section that both changed waits for a person, who may take either side', async (t) => {
  for (const [choice, expected] of [
    ['takeMine', 9000],
    ['takeTheirs', 2000],
  ] as const) {
    await withTwo(async (a, b) => {
      cut(a, b);
      await a.change('lan', { mtu: 9000 });
      await b.change('lan', { mtu: 2000 });
      cut(a, b, false);
      await settle(a, b);
      t.deepEqual([a.settings().mtu, b.settings().mtu], [9000, 2000], 'nobody guesses');
      t.deepEqual([a.sync.status.state, a.sync.status.conflicts], ['conflict', ['lan']]);
      t.is(a.events.filter((id) => id === 'peer.settings.conflict').length, 1);
      t.deepEqual(await a.sync[choice](), ['lan']);
      await settle(a, b);
      t.deepEqual([a.settings().mtu, b.settings().mtu], [expected, expected]);
      t.deepEqual([a.sync.status.state, b.sync.status.state], ['same', 'same']);
    });
  }
});

test('in a new pair the active node wins, as soon as it is known', async (t) => {
  await withTwo(async (a, b) => {
    cut(a, b);
    await a.change('lan', { mtu: 9000 });
    await b.change('lan', { mtu: 2000 });
    await a.peer.pair({ hostName: 'b', fingerprint: 'new', addresses: [] });
    await b.peer.pair({ hostName: 'a', fingerprint: 'new', addresses: [] });
    a.peer.shownKey = b.peer.shownKey = 'new';
    cut(a, b, false);
    await a.sync.compare();
    t.deepEqual([a.settings().mtu, b.settings().mtu], [9000, 2000]);
    a.editable = 'here';
    b.editable = 'there';
    await settle(a, b);
    t.deepEqual([a.settings().mtu, b.settings().mtu], [9000, 9000]);
    t.false([...a.events, ...b.events].includes('peer.settings.conflict'));
  });
});

test('a locked scope is taken over all the same: the lock is for people', async (t) => {
  await withTwo(async (a, b) => {
    using _lock = b.engine.addScopeLock('cluster', () => reports.report('lan.not-reachable', {}));
    await a.change('lan', { mtu: 9000 });
    t.is(b.settings().mtu, 9000);
    await t.throwsAsync(b.change('lan', { mtu: 1400 }));
  });
});

test('a choice that was overtaken is refused', async (t) => {
  await withTwo(async (a, b) => {
    await t.throwsAsync(a.sync.takeMine(), { code: 'conflict' });
    cut(a, b);
    await t.throwsAsync(a.sync.takeTheirs(), { code: 'unavailable' });
  });
});

test('a hold is for people on the other node, and gives way to the next activation of the same node', async (t) => {
  await withTwo(async (a, b) => {
    await a.set('lan', { mtu: 9000 });
    await a.activate(60);
    await t.throwsAsync(b.set('ntp', { zone: 'Europe/Berlin' }), { code: 'conflict' });
    // as if its core had been killed within the window, so that nobody told the other node
    a.joint.settled();
    await a.engine.undo(jane);
    t.is((await a.change('lan', { mtu: 2000 })).state, 'confirmed');
    t.is(b.settings().mtu, 2000);
    t.is((await b.change('ntp', { zone: 'Europe/Berlin' })).state, 'confirmed');
  });
});
