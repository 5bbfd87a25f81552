import { ApplianceError } from '@gemel/core/sdk';
import { MemoryFileStore } from '@gemel/core/testing';
import type { PeerRequest, PeerService } from '@gemel/plugin-peer/contract';
import { VersionExchange } from '#sites/cluster/version-exchange.js';
import test from 'ava';
import { metadataOf } from './world.js';

const received = '/var/lib/gemel/incoming/from-peer';
const megabyte = 1_048_576;

/** The node that is asked: its files, what it has free, and a way to it that can be cut. */
function other(freeBytes: number) {
  const files = new MemoryFileStore();
  const handlers = new Map<string, (input: unknown) => Promise<unknown>>();
  const installed: string[] = [];
  const asked: string[] = [];
  const state = { failing: '' };
  // Only what an exchange of versions asks the other node for.
  const peer = {
    handle: (request: PeerRequest<unknown, unknown>, handler: (input: unknown) => Promise<unknown>) => {
      handlers.set(request.id, async (input) => handler(request.input.parse(input)));
      return { [Symbol.dispose]() {} };
    },
    call: async (request: PeerRequest<unknown, unknown>, input: unknown) => {
      asked.push(request.id);
      if (state.failing === request.id) throw new ApplianceError('cancelled', 'The job was cancelled.');
      return handlers.get(request.id)?.(input);
    },
  } as unknown as PeerService;
  const exchange = new VersionExchange({
    peer,
    // Only what copying asks them for.
    versions: { folder: () => '/versions' } as never,
    install: { install: async (file: string) => void installed.push(file) } as never,
    pieces: {
      read: async () => 'YWFh',
      write: async (path, _offset, data) => files.write(path, data),
    },
    free: async () => freeBytes,
    write: (path, content) => files.write(path, content),
    remove: (path) => files.remove(path),
    removeUnused: async () => undefined,
    arrived: () => undefined,
  });
  exchange.answer();
  return { exchange, files, installed, asked, state };
}

const image = { file: 'image', bytes: megabyte, sha256: 'a'.repeat(64) };
const version = metadataOf('2.53.3', { image });
const call = { signal: new AbortController().signal, progress() {} };

test('copies a version and leaves no pieces behind', async (t) => {
  const { exchange, files, installed } = other(200 * megabyte);
  await exchange.copy(version, call);
  t.deepEqual(installed, [`${received}/prometheus-2.53.3/version.json`]);
  t.deepEqual(files.contents(received), {});
});

test('a copy that is cancelled leaves no pieces behind', async (t) => {
  const { exchange, files, state, asked } = other(200 * megabyte);
  state.failing = 'sites.version.finish';
  await t.throwsAsync(exchange.copy(version, call), { message: 'The job was cancelled.' });
  t.is(asked.at(-1), 'sites.version.drop');
  t.deepEqual(files.contents(received), {});
});

test('an image that does not fit is refused before its first piece', async (t) => {
  const { exchange, files, asked } = other(65 * megabyte);
  await t.throwsAsync(exchange.copy(version, call), { instanceOf: ApplianceError, code: 'storage' });
  t.deepEqual(asked, ['sites.version.take', 'sites.version.drop']);
  t.deepEqual(files.contents(received), {});
});

test('pieces of before a restart of core are removed', async (t) => {
  const { exchange, files } = other(200 * megabyte);
  await files.write(`${received}/prometheus-2.53.3/image`, 'half');
  await exchange.tidy();
  t.deepEqual(files.contents(received), {});
});
