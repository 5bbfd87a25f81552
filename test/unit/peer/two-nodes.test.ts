import { readFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ApplianceError } from '@gemel/core/sdk';
import test from 'ava';
import { z } from 'zod';
import { definePeerRequest } from '#peer/contract.js';
import { encodeFrame } from '#peer/wire/frame.js';
import { freePort, type Node, pairNodes, startNode, until } from './two-nodes.js';

const echo = definePeerRequest({
  id: 'test.echo',
  trust: 'pinned',
  input: z.object({ text: z.string() }),
  output: z.object({ text: z.string() }),
});
const hello = definePeerRequest({
  id: 'test.hello',
  trust: 'anyone',
  input: z.object({ name: z.string() }),
  output: z.object({ from: z.string() }),
});

async function withTwo(run: (a: Node, b: Node, port: number) => Promise<void>): Promise<void> {
  const port = await freePort();
  await using a = await startNode('127.0.0.2', port);
  await using b = await startNode('127.0.0.3', port);
  await run(a, b, port);
}

function echoing(node: Node): void {
  node.peer.handle(echo, async ({ text }) => ({ text: `${text} heard` }));
}

test('a paired node is called, and answers or throws as if it were here', async (t) => {
  await withTwo(async (a, b) => {
    await pairNodes(a, b);
    b.peer.handle(echo, async ({ text }, origin) => {
      if (text !== 'bad') return { text: `${text} from ${origin.address} ${origin.fingerprint === a.fingerprint}` };
      const report = { code: 'test.bad', severity: 'error', params: { n: 1 }, path: 'x', text: 'Bad.' } as const;
      throw new ApplianceError('conflict', 'Not now.', { reports: [report] });
    });
    t.deepEqual(await a.peer.call(echo, { text: 'one' }), { text: 'one from 127.0.0.1 true' });
    const thrown = await t.throwsAsync(a.peer.call(echo, { text: 'bad' }), { instanceOf: ApplianceError });
    t.deepEqual(
      [thrown.code, thrown.message, thrown.reports],
      ['conflict', 'Not now.', [{ code: 'test.bad', severity: 'error', params: { n: 1 }, path: 'x', text: 'Bad.' }]],
    );
    await until(() => a.peer.reachable && b.peer.reachable);
    t.deepEqual(a.events.at(-1), { id: 'peer.reachable', payload: { hostName: 'b', address: b.address } });
  });
});

test('handlers that are loaded when asked answer the first request, and later ones without being loaded again', async (t) => {
  await withTwo(async (a, b) => {
    await pairNodes(a, b);
    let loads = 0;
    using _later = b.peer.handleLater(async () => {
      loads += 1;
      return [b.peer.handle(echo, async ({ text }) => ({ text: `${text} heard` }))];
    });
    t.deepEqual(await Promise.all(['one', 'two'].map((text) => a.peer.call(echo, { text }))), [
      { text: 'one heard' },
      { text: 'two heard' },
    ]);
    t.deepEqual(await a.peer.call(echo, { text: 'three' }), { text: 'three heard' });
    t.is(loads, 1);
  });
});

test('nothing is sent to an appliance that shows another key', async (t) => {
  await withTwo(async (a, b) => {
    const heard: unknown[] = [];
    b.peer.handle(hello, async (input) => {
      heard.push(input);
      return { from: 'b' };
    });
    const wrong = a.fingerprint;
    const refused = await t.throwsAsync(
      a.peer.callUnpaired({ address: b.address, fingerprint: wrong }, hello, { name: 'a' }),
      { instanceOf: ApplianceError },
    );
    t.deepEqual([refused.code, heard], ['forbidden', []]);
    t.true(refused.message.includes(b.fingerprint));
  });
});

test('strangers may ask what is for anyone, until the node is paired or says no', async (t) => {
  await withTwo(async (a, b) => {
    b.peer.handle(hello, async ({ name }) => ({ from: `b to ${name}` }));
    echoing(b);
    const met = await a.peer.introduce(b.address);
    t.deepEqual(met, { address: b.address, fingerprint: b.fingerprint });
    t.deepEqual(await a.peer.callUnpaired(met, hello, { name: 'a' }), { from: 'b to a' });
    const codeOf = async (work: Promise<unknown>) => (await t.throwsAsync(work, { instanceOf: ApplianceError })).code;
    t.is(await codeOf(a.peer.callUnpaired(met, echo, { text: 'x' })), 'forbidden');
    const no = b.peer.refuseStrangers(() => 'Simple Mode.');
    t.is(await codeOf(a.peer.callUnpaired(met, hello, { name: 'a' })), 'forbidden');
    no[Symbol.dispose]();
    await b.peer.pair({ hostName: 'c', fingerprint: 'AA:BB', addresses: ['127.0.0.9'] });
    t.is(await codeOf(a.peer.callUnpaired(met, hello, { name: 'a' })), 'forbidden');
  });
});

test('a stranger who asks too often is told to wait', async (t) => {
  await withTwo(async (a, b) => {
    b.peer.handle(hello, async () => ({ from: 'b' }));
    const met = await a.peer.introduce(b.address);
    const outcomes: string[] = [];
    for (let asked = 0; asked < 13; asked++) {
      await a.peer.callUnpaired(met, hello, { name: 'a' }).then(
        () => outcomes.push('answered'),
        (thrown: unknown) => outcomes.push(thrown instanceof ApplianceError ? thrown.code : String(thrown)),
      );
    }
    t.deepEqual(outcomes, [...Array(10).fill('answered'), ...Array(3).fill('unavailable')]);
  });
});

test('a call ends by its limit, by its caller, and at once when the other process is gone', async (t) => {
  await withTwo(async (a, b) => {
    await pairNodes(a, b);
    const begun: string[] = [];
    const aborted: string[] = [];
    b.peer.handle(echo, async ({ text }, _origin, signal) => {
      begun.push(text);
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => resolve());
      await promise;
      aborted.push(text);
      return { text };
    });
    const codeOf = async (work: Promise<unknown>) => (await t.throwsAsync(work, { instanceOf: ApplianceError })).code;
    t.is(await codeOf(a.peer.call(echo, { text: 'slow' }, { timeoutMs: 3_000 })), 'timeout');
    const cancelled = new AbortController();
    const cancelling = a.peer.call(echo, { text: 'left' }, { signal: cancelled.signal });
    await until(() => begun.includes('left'));
    cancelled.abort();
    t.is(await codeOf(cancelling), 'cancelled');
    await until(() => aborted.length === 2);
    t.deepEqual(aborted, ['slow', 'left']);
    const hanging = codeOf(a.peer.call(echo, { text: 'cut' }));
    await until(() => begun.includes('cut'));
    await b.stopProcess();
    t.is(await hanging, 'unavailable');
    t.is(await codeOf(a.peer.call(echo, { text: 'down' })), 'unavailable');
  });
});

test('it goes on by itself after either process was restarted', async (t) => {
  await withTwo(async (a, b) => {
    await pairNodes(a, b);
    echoing(b);
    t.deepEqual(await a.peer.call(echo, { text: '1' }), { text: '1 heard' });
    await b.stopProcess();
    await b.startProcess();
    t.deepEqual(await a.peer.call(echo, { text: '2' }), { text: '2 heard' });
    await a.stopProcess();
    t.is((await t.throwsAsync(a.peer.call(echo, { text: '3' }), { instanceOf: ApplianceError })).code, 'unavailable');
    await a.startProcess();
    t.deepEqual(await a.peer.call(echo, { text: '4' }), { text: '4 heard' });
    await b.stopCore();
    t.is((await t.throwsAsync(a.peer.call(echo, { text: '5' }), { instanceOf: ApplianceError })).code, 'unavailable');
    await b.startCore();
    t.deepEqual(await a.peer.call(echo, { text: '6' }), { text: '6 heard' });
  });
});

test('the second address is used when the first leads nowhere', async (t) => {
  await withTwo(async (a, b) => {
    await pairNodes(a, b);
    echoing(b);
    await a.peer.pair({ hostName: 'b', fingerprint: b.fingerprint, addresses: ['127.0.0.77', b.address] });
    t.deepEqual(await a.peer.call(echo, { text: '1' }), { text: '1 heard' });
  });
});

test('what does not belong there is turned away and disturbs nobody', async (t) => {
  await withTwo(async (a, b, port) => {
    await pairNodes(a, b);
    echoing(b);
    const key = await readFile(a.identity, 'utf8');
    const hostile = async (bytes: Buffer | undefined, withKey: boolean): Promise<string> => {
      const socket = connectTls({
        host: b.address,
        port,
        rejectUnauthorized: false,
        ...(withKey ? { key, cert: key } : {}),
      });
      const { promise, resolve } = Promise.withResolvers<string>();
      socket.on('error', () => undefined);
      socket.on('close', () => resolve('closed'));
      socket.on('secureConnect', () => (bytes === undefined ? undefined : socket.write(bytes)));
      socket.resume();
      return promise;
    };
    const huge = Buffer.alloc(4);
    huge.writeUInt32BE(0x7fff_ffff);
    const noJson = Buffer.concat([Buffer.from([0, 0, 0, 3]), Buffer.from('{{{')]);
    t.deepEqual(
      await Promise.all([
        hostile(huge, true),
        hostile(noJson, true),
        hostile(encodeFrame(['no', 'message']), true),
        hostile(encodeFrame({ call: 1, method: 'peer.ping' }), false),
      ]),
      ['closed', 'closed', 'closed', 'closed'],
    );
    t.deepEqual(await a.peer.call(echo, { text: 'still' }), { text: 'still heard' });
  });
});

test('who dawdles in the handshake or within a frame is closed', async (t) => {
  t.timeout(30_000);
  await withTwo(async (a, b, port) => {
    await pairNodes(a, b);
    echoing(b);
    const key = await readFile(a.identity, 'utf8');
    const silent = connectTcp({ host: b.address, port });
    const slow = connectTls({ host: b.address, port, rejectUnauthorized: false, key, cert: key });
    let open = 2;
    for (const socket of [silent, slow]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open -= 1;
      });
      socket.resume();
    }
    slow.write(Buffer.from([0, 0]));
    t.deepEqual(await a.peer.call(echo, { text: 'meanwhile' }), { text: 'meanwhile heard' });
    await until(() => open === 0, 15_000);
    t.is(open, 0);
  });
});

test('a body above the limit is refused before it is sent', async (t) => {
  await withTwo(async (a, b) => {
    await pairNodes(a, b);
    echoing(b);
    const refused = await t.throwsAsync(a.peer.call(echo, { text: 'x'.repeat(1_100_000) }), {
      instanceOf: ApplianceError,
    });
    t.is(refused.code, 'invalid');
    t.deepEqual(await a.peer.call(echo, { text: 'small' }), { text: 'small heard' });
  });
});
