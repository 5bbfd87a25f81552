import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { Checks } from '../checks.ts';
import { RawSocket } from './raw-socket.ts';
import { SandboxAppliance } from './sandbox-appliance.ts';

const mebibyte = 1 << 20;

/** Unknown, malformed and huge input, on commands and on the socket. */
export async function hostileInputChecks(checks: Checks): Promise<void> {
  await using box = await SandboxAppliance.start();
  const { pid } = box;
  const alive = async () => {
    assert.ok(box.running && box.pid === pid, `core is another process or gone:\n${box.output}`);
    await box.must('status');
  };
  const memory = async () =>
    Number(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;

  const refusals: readonly (readonly [code: number, ...argv: readonly string[]])[] = [
    [2, 'nonsense'],
    [2, 'settings', 'nonsense'],
    [2, 'settings', 'set'],
    [2, 'settings', 'set', 'device/hostName'],
    [2, 'settings', 'set', 'a', 'b', 'c'],
    [2, 'status', '--nonsense'],
    [2, 'settings', 'rollback', 'one'],
    [2, 'settings', 'history', '--limit', 'many'],
    [2, 'settings', 'rollback', '0x10'],
    [2, 'completion', 'tcsh'],
    [1, 'settings', 'rollback', '--', '-1'],
    [2, 'settings', 'history', '--limit', '1000'],
    [4, 'settings', 'rollback', '99'],
    [4, 'settings', 'show', 'nonsense/more'],
    [4, 'settings', 'set', 'network/nonsense', '1'],
    [1, 'settings', 'set', 'network/bonds/bond0/mode', 'none'],
    [4, 'settings', 'set', '__proto__/polluted', 'true'],
    [4, 'settings', 'show', 'device/constructor'],
    [4, 'settings', 'set', '../../etc/passwd', 'x'],
    [1, 'device', 'host-name', 'set', 'no host name'],
    [1, 'device', 'host-name', 'set', 'a\nb'],
    [1, 'device', 'host-name', 'set', 'x'.repeat(100_000)],
    [5, 'network', 'bond', 'delete', 'bond9', '--yes'],
    [4, 'plugin', 'enable', 'nonsense'],
    [4, 'plugin', 'show', '../../etc'],
    [4, 'jobs', 'show', '99'],
    [4, 'status', 'show', 'nonsense'],
    [5, 'settings', 'confirm'],
    [9, 'network', 'mode', 'set', 'advanced'],
  ];
  for (const [code, ...argv] of refusals) {
    const line = argv.map((word) => JSON.stringify(word.slice(0, 30))).join(' ');
    await checks.check(`refuses with ${code}: gemel ${line}`, () => box.refused(code, ...argv));
  }

  await checks.check('refuses files that hold no settings', async () => {
    const file = box.path('input.json');
    const texts = [
      '',
      'null',
      '[]',
      '"text"',
      '{',
      '{"nonsense":{}}',
      '{"device":[]}',
      '{"device":{"hostName":7}}',
      '['.repeat(100_000),
      `{"device":{"hostName":"${'x'.repeat(3 * mebibyte)}"}}`,
      '{"__proto__":{"hostName":"x"}}',
      '{"$gemel":{"format":99}}',
    ];
    for (const text of texts) {
      await writeFile(file, text);
      const { code, err } = await box.gemel('settings', 'apply', file);
      assert.ok([1, 4].includes(code), `${text.slice(0, 40)}: ended with ${code}: ${err.slice(0, 300)}`);
      assert.ok(err.length < 5_000, `${text.slice(0, 40)}: says ${err.length} characters`);
    }
    await box.refused(2, 'settings', 'apply', box.path('absent.json'));
    assert.equal((await box.status()).confirmed, 1);
  });

  await checks.check('refuses input files that are no JSON object', async () => {
    for (const input of ['', 'nonsense', '[]', '{"hostName":7}', '{"hostName":"a","nonsense":1}']) {
      const { code, err } = await box.run(['device', 'host-name', 'set', '--json-input', '-'], { input });
      assert.ok(code === 1 || code === 2, `${input}: ended with ${code}: ${err}`);
    }
  });

  const attacks: Readonly<Record<string, (socket: RawSocket) => Promise<unknown>>> = {
    'random bytes': async (socket) => socket.socket.write(randomBytes(100_000)),
    'empty frames': async (socket) => socket.socket.write('\f'.repeat(10_000)),
    'a null frame': async (socket) => socket.socket.write('null\f'),
    'frames that are no messages': async (socket) =>
      socket.socket.write('1\f"x"\f[]\f{}\f{"type":1}\f{"type":"hello"}\f'),
    'a reserved event': async (socket) => socket.socket.write('{"type":"error","data":{}}\f{"type":"connect"}\f'),
    'a request before hello': async (socket) => socket.invoke(1, 'status.list'),
    'another version': async (socket) => socket.send('hello', { version: 99 }),
    'a second hello': async (socket) => {
      socket.hello();
      socket.hello();
    },
    'a frame of 10 MB': async (socket) => {
      socket.hello();
      await socket.flood(Buffer.alloc(mebibyte, 'x'), 10 * mebibyte);
      socket.socket.write('\f');
    },
    'a flood of 64 MB without an end': async (socket) => {
      await socket.flood(Buffer.alloc(mebibyte, '{'), 64 * mebibyte);
    },
    'JSON nested a hundred thousand deep': async (socket) => {
      socket.hello();
      socket.socket.write(`{"type":"request","data":${'['.repeat(100_000)}${']'.repeat(100_000)}}\f`);
    },
  };
  for (const [name, attack] of Object.entries(attacks)) {
    await checks.check(`hangs up on ${name}, and serves others meanwhile`, async () => {
      await using socket = await RawSocket.open(box.socket);
      await Promise.all([attack(socket), alive()]);
      await Promise.race([
        socket.closed,
        new Promise((_, reject) =>
          setTimeout(() => reject(new Error(`still open: ${socket.received.slice(0, 300)}`)), 15_000),
        ),
      ]);
      await alive();
    });
  }

  await checks.check('answers what is wrong with a request, and goes on with the connection', async () => {
    await using socket = await RawSocket.open(box.socket);
    socket.hello();
    await socket.waitFor(/"welcome"/);
    const wrong: readonly unknown[] = [
      { id: 1, method: 'nonsense' },
      { id: 2, method: 'invoke', params: [] },
      { id: 3, method: 'invoke', params: { action: 7 } },
      { id: 4, method: 'invoke', params: { action: '__proto__' } },
      { id: 5, method: 'invoke', params: { action: 'settings.show', input: { path: 7 } } },
      { id: 6, method: 'invoke', params: { action: 'settings.show', input: [] } },
      { id: 7, method: 'find', params: { candidates: 'x' } },
      { id: 8, method: 'subscribe', params: { prefix: 7 } },
      {
        id: 9,
        method: 'invoke',
        params: { action: 'status.list' },
        onBehalf: { credential: { kind: 'token', secret: 'x' } },
      },
    ];
    for (const [index, request] of wrong.entries()) {
      socket.send('request', request);
      await socket.waitFor(new RegExp(`"failure","data":\\{"id":${index + 1},`));
    }
    socket.invoke(20, 'status.list');
    await socket.waitFor(/"reply","data":\{"id":20,/);
  });

  await checks.check('half frames and connections that say nothing do not stop others', async () => {
    const half = await Promise.all(Array.from({ length: 20 }, () => RawSocket.open(box.socket)));
    for (const socket of half) socket.socket.write('{"type":"hel');
    await alive();
    await Promise.all(half.map((socket) => socket[Symbol.asyncDispose]()));
  });

  await checks.check('80 connections that ask at once are all answered', async () => {
    const sockets = await Promise.all(Array.from({ length: 80 }, () => RawSocket.open(box.socket)));
    for (const socket of sockets) {
      socket.hello();
      socket.invoke(1, 'status.list');
    }
    await alive();
    const answered = await Promise.allSettled(sockets.map((socket) => socket.waitFor(/"reply","data":\{"id":1,/, 30)));
    await Promise.all(sockets.map((socket) => socket[Symbol.asyncDispose]()));
    assert.equal(answered.filter(({ status }) => status === 'rejected').length, 0);
  });

  await checks.check('somebody who keeps 200 connections open locks nobody out', async () => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () => RawSocket.open(box.socket)));
    try {
      for (const socket of sockets) socket.hello();
      for (let round = 0; round < 3; round += 1) await alive();
    } finally {
      await Promise.all(sockets.map((socket) => socket[Symbol.asyncDispose]()));
    }
  });

  await checks.check('a client that asks and never reads is given up, and costs little', async () => {
    await using socket = await RawSocket.open(box.socket);
    socket.socket.pause();
    socket.hello();
    for (let id = 0; id < 20_000 && !socket.socket.destroyed; id += 1) {
      socket.send('request', { id, method: 'describe' });
      if (id % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await alive();
    assert.ok((await memory()) < 400, `core holds ${Math.round(await memory())} MB`);
  });

  await checks.check('after all that core is the same process and holds no more than before', async () => {
    await alive();
    assert.equal((await box.status()).confirmed, 1);
    const megabytes = await memory();
    assert.ok(megabytes < 250, `core holds ${Math.round(megabytes)} MB`);
    assert.doesNotMatch(box.output, /uncaught|unhandled/i);
  });
}
