import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplianceError } from '@gemel/core/sdk';
import type { PeerRequest, PeerService } from '@gemel/plugin-peer/contract';
import { paths } from '#firmware/paths.js';
import { ClusterPair } from '#firmware/rolling/cluster-pair.js';
import { PeerFirmware } from '#firmware/rolling/peer-firmware.js';
import { bundlePieces } from '#firmware/system/bundle-pieces.js';
import test from 'ava';
import { jobCall, newWorld } from './world.js';

/** Both ends of the way, with what goes over it parsed as over TLS. */
class DirectPeer {
  readonly #handlers = new Map<string, (input: unknown) => Promise<unknown>>();
  away = false;
  /** Calls that fail before one gets through. */
  breaks = 0;

  handle(request: PeerRequest<unknown, unknown>, handler: (input: unknown) => Promise<unknown>): Disposable {
    this.#handlers.set(request.id, handler);
    return { [Symbol.dispose]: () => this.#handlers.delete(request.id) };
  }

  async call(request: PeerRequest<unknown, unknown>, input: unknown): Promise<unknown> {
    const handler = this.#handlers.get(request.id);
    if (this.breaks > 0) {
      this.breaks -= 1;
      throw new ApplianceError('unavailable', 'The connection ended: a frame did not end within 5 s.');
    }
    if (this.away || handler === undefined) throw new ApplianceError('unavailable', 'The other node is away.');
    const arrived = request.input.parse(JSON.parse(JSON.stringify(input)));
    return request.output.parse(JSON.parse(JSON.stringify(await handler(arrived))));
  }
}

function newPair(version: string) {
  const world = newWorld({ version });
  const link = new DirectPeer();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const { service, installation } = world;
  const peer = link as unknown as PeerService; // the two methods that are used
  const taken: { file: string; bytes: Buffer } = { file: '', bytes: Buffer.alloc(0) };
  const pieces = {
    ...bundlePieces,
    write: async (path: string, offset: number, data: string) => {
      taken.file = path;
      taken.bytes = Buffer.concat([taken.bytes.subarray(0, offset), Buffer.from(data, 'base64')]);
    },
  };
  const { clock } = world.system;
  const firmware = new PeerFirmware({ peer, service, installation, pieces, clock, log });
  firmware.answer();
  return { world, link, firmware, taken };
}

/** Lets what was only begun come to its end. */
const settle = async () => {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
};

test('a bundle arrives in pieces as it was sent', async (t) => {
  const { firmware, taken } = newPair('0.1.1');
  const folder = mkdtempSync(join(tmpdir(), 'gemel-pieces-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'bundle');
  writeFileSync(file, randomBytes(1_300_000));
  await firmware.copy(file, jobCall().call, 0.1);
  t.is(taken.file, paths.fromPeer);
  t.true(taken.bytes.equals(readFileSync(file)));
  const copy = join(folder, 'copy/bundle');
  await bundlePieces.write(copy, 0, Buffer.from('first piece, longer').toString('base64'));
  await bundlePieces.write(copy, 0, Buffer.from('anew').toString('base64'));
  await bundlePieces.write(copy, 4, Buffer.from(' and on').toString('base64'));
  t.is(readFileSync(copy, 'utf8'), 'anew and on');
});

test('a link that breaks off for a moment does not end the copying', async (t) => {
  const { world, link, firmware, taken } = newPair('0.1.1');
  const read = async () => Buffer.from('a bundle').toString('base64');
  const pieces = { ...firmware.parts.pieces, size: async () => 8, read };
  const sender = new PeerFirmware({ ...firmware.parts, pieces });
  link.breaks = 2;
  const copied = sender.copy('/b.raucb', jobCall().call, 0.1);
  await world.system.clock.advance(11_000);
  await copied;
  t.is(taken.bytes.toString(), 'a bundle');
  link.breaks = 100;
  const failed = t.throwsAsync(sender.copy('/b.raucb', jobCall().call, 0.1), { message: /a frame did not end/ });
  await world.system.clock.advance(60_000);
  await failed;
});

test('what it installs for the other node goes on after a restart of its core', async (t) => {
  const { world, firmware } = newPair('0.2.0');
  const saved = { version: '0.2.0', running: '0.1.0', slot: 'B', unhealthyBefore: [], installationsBefore: 0 };
  world.system.files.put(paths.forPeer, JSON.stringify({ author: 'user:jane', confirm: 'minor', saved }));
  world.system.files.put(paths.fromPeer, 'bundle');
  world.raucIs('installing');
  const restarted = new PeerFirmware({ ...firmware.parts, peer: new DirectPeer() as unknown as PeerService }); // as above
  const [, , , ...none] = restarted.answer();
  t.deepEqual(none, []);
  await settle();
  t.is(await world.records.trial(), undefined);
  world.raucIs('idle');
  world.written('0.2.0');
  await world.system.clock.advance(2_000);
  await settle();
  t.like(await world.records.trial(), { slot: 'B', version: '0.2.0', by: 'user:jane' });
  t.is(await world.system.files.read(paths.forPeer), undefined);
  t.is(await world.system.files.read(paths.fromPeer), undefined, 'the bundle takes no room any more');
  t.false(world.system.dbus.calls.some(({ member }) => member === 'InstallBundle'));
});

test('a restart of its core while it examines the bundle begins the examination again', async (t) => {
  const { world, firmware } = newPair('0.2.0');
  world.system.files.put(paths.forPeer, JSON.stringify({ author: 'user:jane', confirm: 'minor', saved: null }));
  const restarted = new PeerFirmware({ ...firmware.parts, peer: new DirectPeer() as unknown as PeerService }); // as above
  restarted.answer();
  await settle();
  t.like(await world.records.trial(), { slot: 'B', version: '0.2.0', by: 'user:jane' });
  t.is(world.system.dbus.calls.filter(({ member }) => member === 'InstallBundle').length, 1);
});

test('the other node installs what it was sent, restarts, and says how far it is', async (t) => {
  const { world, link, firmware } = newPair('0.2.0');
  await firmware.install('minor', 'user:jane');
  await settle();
  t.like(await firmware.state(), {
    installing: false,
    failure: '',
    trial: { slot: 'B', version: '0.2.0', by: 'user:jane' },
    last: { kind: 'installed', version: '0.2.0' },
  });
  t.is(world.system.dbus.calls.at(-1)?.member, 'ScheduleShutdown');
  link.away = true;
  t.is(await firmware.state(), undefined);
});

test('why the other node did not install is told to the one that asked', async (t) => {
  const { firmware } = newPair('0.2.0');
  await firmware.install(undefined, 'user:jane');
  await settle();
  const state = await firmware.state();
  t.regex(state?.failure ?? '', /A minor update/);
  t.is(state?.trial, null);
});

test('maintenance is what gemel cluster maintenance makes of it', async (t) => {
  const { world, firmware } = newPair('0.2.0');
  const { commands } = world.system;
  const { service, installation } = world;
  const status = { add: () => neverCalled(), get: async () => undefined };
  const pair = new ClusterPair({ status, commands, service, installation, there: firmware });
  const standby = ['crm_attribute', '--node', 'two', '--name', 'standby'];
  commands.always([...standby, '--update', 'on']);
  commands.always([...standby, '--delete'], { exitCode: 102, stderr: 'Could not connect to the CIB\n' });
  await pair.maintenance('two', true);
  await t.throwsAsync(pair.maintenance('two', false), { message: /two could not be changed: Could not connect/ });
  t.is(await pair.pair(), undefined);
});

function neverCalled(): never {
  throw new Error('must not be called');
}
