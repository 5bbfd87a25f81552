import { ApplianceError, type FileStore } from '@gemel/core/sdk';
import test, { type ExecutionContext } from 'ava';
import { filesFor, jane, kernelFor, World } from './world.js';

/** The data volume refuses every write from a given one on; removing still works, and /run is another file system. */
class FullVolume implements FileStore {
  left = Number.POSITIVE_INFINITY;
  writes = 0;

  constructor(readonly inner: FileStore) {}

  #write(path: string): void {
    if (!path.startsWith('/var/') && !path.startsWith('/etc/')) return;
    this.writes++;
    if (this.left-- > 0) return;
    throw new ApplianceError('storage', `${path} cannot be written: no space left on the device.`);
  }

  read = (path: string) => this.inner.read(path);
  list = (path: string) => this.inner.list(path);
  readLink = (path: string) => this.inner.readLink(path);
  watch = (path: string, listener: () => void) => this.inner.watch(path, listener);
  remove = (path: string) => this.inner.remove(path);
  rename = (from: string, to: string) => this.inner.rename(from, to);
  async write(path: string, content: string, options = {}): Promise<void> {
    this.#write(path);
    await this.inner.write(path, content, options);
  }
  async append(path: string, line: string, options = {}): Promise<void> {
    this.#write(path);
    await this.inner.append(path, line, options);
  }
  overwrite = (path: string, at: number, text: string) => this.inner.overwrite(path, at, text);
  async link(target: string, path: string): Promise<void> {
    this.#write(path);
    await this.inner.link(target, path);
  }
}

async function ready(): Promise<{ readonly world: World; readonly volume: FullVolume }> {
  const volumes: FullVolume[] = [];
  const world = await World.started({
    wrapFiles: (files) => {
      const volume = new FullVolume(files);
      volumes.push(volume);
      return volume;
    },
  });
  await world.edit('lan', { mtu: 9000 });
  await world.edit('ntp', { zone: 'Europe/Berlin' });
  world.forget();
  const volume = volumes[0];
  if (volume === undefined) throw new Error('the engine has no file store');
  volume.writes = 0;
  return { world, volume };
}

function assertWhole(t: ExecutionContext, world: World, when: string): void {
  t.deepEqual(world.kernel, kernelFor(world.settings('running')), when);
  t.deepEqual(world.owned(), filesFor(world.settings('running')), when);
}

test('a data volume that is full from any write on refuses or rolls back, and loses nothing acknowledged', async (t) => {
  const clean = await ready();
  await clean.world.activate();
  await clean.world.engine.confirm(jane);
  const writes = clean.volume.writes;
  t.true(writes > 8);
  for (let left = 0; left <= writes; left++) {
    const { world, volume } = await ready();
    volume.left = left;
    const when = `room for ${left} writes`;
    let confirmed = false;
    try {
      await world.activate();
      await world.engine.confirm(jane);
      confirmed = true;
    } catch (thrown) {
      t.true(
        thrown instanceof ApplianceError && ['storage', 'engine-failed'].includes(thrown.code),
        `${when}: ${String(thrown)}`,
      );
    }
    assertWhole(t, world, when);
    if (confirmed) t.is(world.settings().lan.mtu, 9000, when);
    if (world.engine.status().state === 'awaiting-confirmation') await world.system.clock.advance(60_000);
    assertWhole(t, world, `${when}, window over`);
    t.is(world.settings('running').lan.mtu, confirmed ? 9000 : 1500, when);
    await world.powerCycle();
    assertWhole(t, world, `${when}, then a power cycle`);
    t.is(world.settings().lan.mtu, confirmed ? 9000 : 1500, when);
    await world.engine.close();
  }
});

test('a change that waits for its confirmation can be undone on a full volume', async (t) => {
  const { world, volume } = await ready();
  await world.activate();
  volume.left = 0;
  t.is((await world.engine.undo(jane)).state, 'rolled-back');
  assertWhole(t, world, 'after the undo');
  t.is(world.settings('running').lan.mtu, 1500);
});

test('an edit that cannot be saved is refused and the draft stays as it was', async (t) => {
  const { world, volume } = await ready();
  volume.left = 0;
  const before = world.engine.state.draft;
  const refused = await t.throwsAsync(world.edit('lan', { mtu: 4000 }), {
    instanceOf: ApplianceError,
    code: 'storage',
  });
  t.deepEqual(
    refused.reports.map(({ code }) => code),
    ['settings.storage.failed'],
  );
  t.is(world.engine.state.draft, before);
  volume.left = Number.POSITIVE_INFINITY;
  await world.edit('lan', { mtu: 4000 });
  t.is((await world.activate()).state, 'awaiting-confirmation');
});

test('the first start on a full volume applies the defaults all the same', async (t) => {
  const world = new World({
    wrapFiles: (files) => {
      const volume = new FullVolume(files);
      volume.left = 0;
      return volume;
    },
  });
  const found = await world.engine.recover();
  t.true(found.some(({ code }) => code === 'settings.storage.failed'));
  t.deepEqual(world.kernel.network, kernelFor(world.settings()).network);
});

/** The medium fails when the swapped link is to be made durable: it points to the new revision all the same. */
class TornLink extends FullVolume {
  torn = false;

  override async link(target: string, path: string): Promise<void> {
    await this.inner.link(target, path);
    if (!this.torn) return;
    this.torn = false;
    throw new ApplianceError('storage', `${path} cannot be made a link: input/output error.`);
  }
}

test('a confirmation that moved the link and failed is no confirmation, also for a restart of core and the next power loss', async (t) => {
  const volumes: TornLink[] = [];
  const world = await World.started({
    wrapFiles: (files) => {
      const volume = new TornLink(files);
      volumes.push(volume);
      return volume;
    },
  });
  await world.edit('lan', { mtu: 9000 });
  await world.activate();
  for (const volume of volumes) volume.torn = true;
  await t.throwsAsync(world.engine.confirm(jane), { code: 'storage' });
  await world.restart();
  t.is(world.engine.status().state, 'awaiting-confirmation');
  await world.system.clock.advance(60_000);
  t.is(world.engine.status().state, 'rolled-back');
  assertWhole(t, world, 'after the window');
  await world.powerCycle();
  t.is(world.settings().lan.mtu, 1500);
  assertWhole(t, world, 'after the power loss');
});
