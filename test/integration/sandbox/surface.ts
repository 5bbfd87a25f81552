import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { Checks } from '../checks.ts';
import { SandboxAppliance } from './sandbox-appliance.ts';

interface Audit {
  readonly records: readonly {
    readonly caller: string;
    readonly surface: string;
    readonly action: string;
    readonly input: unknown;
    readonly outcome: string;
  }[];
}

/** What an operator and a script rely on beside the actions themselves. */
export async function surfaceChecks(checks: Checks): Promise<void> {
  await using box = await SandboxAppliance.start();

  await checks.check('the audit says who did what, and holds no secret', async () => {
    const password = 'correct-horse-battery-staple';
    const added = await box.run(['access', 'user', 'add', 'jane', 'operator', '--password-stdin'], {
      input: `${password}\n`,
    });
    assert.equal(added.code, 0, added.err);
    await box.must('settings', 'set', 'device/contact', 'jane-on-call');
    await box.refused(5, 'settings', 'confirm');
    const { records } = await box.json<Audit>('audit', 'show');
    const seen = records.map(({ action, outcome, surface }) => `${action} ${outcome} ${surface}`);
    for (const line of ['access.user.add done cli', 'settings.set done cli', 'settings.confirm failed cli']) {
      assert.ok(seen.includes(line), `${line} in ${seen.join(', ')}`);
    }
    assert.ok(records.every(({ caller }) => caller.startsWith('local:')));
    const text = await box.must('audit', 'show');
    for (const secret of [password, 'jane-on-call']) assert.doesNotMatch(text, new RegExp(secret));
    assert.doesNotMatch(await box.must('events', 'list'), new RegExp(password));
    assert.doesNotMatch(box.output, new RegExp(password));
  });

  await checks.check('a token is shown once and never again', async () => {
    const { token } = await box.json<{ readonly token: string }>('access', 'token', 'create', 'backup', 'viewer');
    for (const argv of [
      ['audit', 'show'],
      ['access', 'token', 'list'],
      ['events', 'list', '--limit', '500'],
    ]) {
      assert.doesNotMatch(await box.must(...argv), new RegExp(token));
    }
  });

  await checks.check('a secret is not taken from the command line', async () => {
    assert.match(await box.refused(2, 'access', 'user', 'add', 'joe', 'viewer', '--password', 'x'), /--password-stdin/);
  });

  await checks.check('completion knows commands, sub-commands, options and values', async () => {
    const complete = async (...words: readonly string[]) =>
      (await box.must('__complete', ...words)).split('\n').map((line) => line.split('\t')[0]);
    const top = await complete('');
    for (const word of ['settings', 'network', 'status', 'plugin', 'help', 'events', 'completion'])
      assert.ok(top.includes(word), word);
    assert.deepEqual(await complete('sett'), ['settings', '']);
    assert.ok((await complete('settings', '')).includes('activate'));
    assert.ok((await complete('network', 'bond', 'create', 'bond0', '--mo')).includes('--mode'));
    assert.ok((await complete('network', 'bond', 'create', 'bond0', '--mode', '')).includes('802.3ad'));
    assert.deepEqual(await complete('nonsense', ''), ['']);
    assert.match(await box.must('completion', 'bash'), /complete -F _gemel gemel/);
  });

  await checks.check('help is there for every group, without core too', async () => {
    for (const group of [
      'settings',
      'network',
      'plugin',
      'jobs',
      'access',
      'device',
      'time',
      'dns',
      'events',
      'audit',
    ]) {
      assert.match(await box.must('help', group), /Commands|Usage/, group);
    }
    assert.match(await box.must('help', 'exit-codes'), /130/);
  });

  await checks.check('JSON is the same with and without a terminal’s wishes, and is only JSON', async () => {
    const plain = await box.run(['settings', 'show', '--json']);
    const wishes = await box.run(['--json', 'settings', 'show'], {
      environment: { NO_COLOR: '1', TERM: 'xterm-256color', COLUMNS: '40', FORCE_COLOR: '3', LC_ALL: 'C' },
    });
    assert.equal(wishes.out, plain.out);
    assert.equal(plain.err, '');
    JSON.parse(plain.out);
    const failed = await box.run(['settings', 'confirm', '--json']);
    assert.equal(failed.code, 5);
    assert.equal(failed.err, '');
    const { error } = JSON.parse(failed.out) as { readonly error: { readonly code: string } };
    assert.equal(error.code, 'conflict');
  });

  await checks.check('without UTF-8 the output is ASCII', async () => {
    const { out } = await box.run(['status'], { environment: { LC_ALL: 'C', LANG: 'C' } });
    assert.doesNotMatch(out, /[^\n\x20-\x7e]/);
  });

  await checks.check('a reader that leaves ends the command quietly', async () => {
    for (const command of ['settings export', 'help network', 'events']) {
      const script = `"$NODE" build/core/dist/bin/gemel.js ${command} | head -n 1`;
      const shell = spawn(
        'bash',
        ['-o', 'pipefail', '-c', command === 'events' ? `timeout 3 bash -o pipefail -c '${script}'` : script],
        {
          env: { ...process.env, NODE: process.execPath, GEMEL_SOCKET: box.socket },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
      const closed = new Promise((resolve) => shell.once('close', resolve));
      let err = '';
      shell.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
      shell.stdout.resume();
      if (command === 'events') {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        for (const contact of ['a', 'b', 'c']) await box.must('settings', 'set', 'device/contact', contact);
      }
      assert.deepEqual([await closed, err], [0, ''], command);
    }
  });

  await checks.check('events are followed as lines of JSON', async () => {
    const child = spawn(
      process.execPath,
      ['build/core/dist/bin/gemel.js', 'events', '--json', '--prefix', 'settings.'],
      {
        env: { ...process.env, GEMEL_SOCKET: box.socket },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const closed = new Promise((resolve) => child.once('close', resolve));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await box.must('settings', 'set', 'device/contact', 'd');
    await box.until('an event', 5, async () => text.includes('\n'));
    child.kill('SIGINT');
    const code = await closed;
    for (const line of text.trim().split('\n')) {
      const { id } = JSON.parse(line) as { readonly id: string };
      assert.match(id, /^settings\./);
    }
    assert.ok(code === 130 || code === 0, `ended with ${String(code)}`);
  });

  await checks.check('without core the command says how to start it', async () => {
    await box.end();
    assert.match(await box.refused(6, 'status'), /npm start/);
    await box.must('help', 'exit-codes');
    await box.must('completion', 'bash');
    assert.equal(await box.must('__complete', 'sett'), '');
  });
}
